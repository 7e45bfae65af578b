// What came of a request, told from the errors real discord.js throws; and the body of a message.
import { DiscordAPIError, HTTPError, RESTJSONErrorCodes } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { bodyOf, outcomeOfError } from '../../src/discord/messenger.ts';
import { en } from '../../src/discord/phrases/en.ts';
import { fileChoices, resultView, waitingView } from '../../src/discord/views/jobView.ts';
import { testIds, testJob, testPictures } from './samples.ts';

const URL = 'https://discord.com/api/v10/webhooks/1/interaction-token-secret';
const apiError = (code: number, status: number) =>
  new DiscordAPIError({ code, message: 'words of Discord' }, code, status, 'PATCH', URL, { files: [], body: {} });

describe('outcomes', () => {
  test.each([
    [RESTJSONErrorCodes.UnknownMessage, 404, 'gone'],
    [RESTJSONErrorCodes.UnknownChannel, 404, 'gone'],
    [RESTJSONErrorCodes.MissingAccess, 403, 'forbidden'],
    [RESTJSONErrorCodes.MissingPermissions, 403, 'forbidden'],
    [RESTJSONErrorCodes.CannotSendMessagesToThisUser, 403, 'forbidden'],
    [RESTJSONErrorCodes.RequestEntityTooLarge, 400, 'too_large'],
    [RESTJSONErrorCodes.InvalidWebhookToken, 401, 'token_over'],
    [RESTJSONErrorCodes.UnknownInteraction, 404, 'token_over'],
    [RESTJSONErrorCodes.InvalidFormBodyOrContentType, 400, 'refused'],
    [0, 401, 'unauthorized'],
    [0, 429, 'retry'],
    [RESTJSONErrorCodes.MaximumNumberOfEditsToMessagesOlderThanOneHourReached, 400, 'retry'],
    [RESTJSONErrorCodes.ServerWriteRateLimit, 403, 'retry'],
  ])('code %i with HTTP %i is %s', (code, status, kind) => {
    expect(outcomeOfError(apiError(code, status)).kind).toBe(kind);
  });

  test('a server error, a reset and a proxy page are worth another try; 413 is about size', () => {
    const http = (status: number) => new HTTPError(status, 'text', 'PATCH', URL, { files: [], body: {} });
    expect(outcomeOfError(http(503)).kind).toBe('retry');
    expect(outcomeOfError(http(413)).kind).toBe('too_large');
    expect(outcomeOfError(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })).kind).toBe('retry');
    expect(outcomeOfError(new SyntaxError('Unexpected token <')).kind).toBe('retry');
  });

  test('carry no token and no url', () => {
    for (const error of [apiError(0, 401), apiError(50035, 400), new HTTPError(502, 'x', 'POST', URL, {})]) {
      expect(JSON.stringify(outcomeOfError(error))).not.toContain('secret');
    }
  });
});

test('every body pings nobody and lists all its files with alt text', () => {
  const job = testJob({}, { prompt: '@everyone a heart', count: 2 });
  const wording = { phrases: en, ids: testIds() };
  const [files] = fileChoices(job, testPictures(job), en);
  const body = bodyOf(resultView(job, files!, wording));
  expect(body.allowed_mentions).toEqual({ parse: [], replied_user: false });
  expect(body.attachments).toEqual([
    { id: '0', filename: 'darkroom-abcdefghij-1.png', description: 'Generated picture: @everyone a heart' },
    { id: '1', filename: 'darkroom-abcdefghij-2.png', description: 'Generated picture: @everyone a heart' },
  ]);
  expect(bodyOf(resultView(job, [], wording)).attachments).toEqual([]);
  // A card takes the place of everything a classic message had, also where one is edited into a card.
  expect(body).toMatchObject({ flags: 1 << 15, content: null, embeds: [] });
  expect(bodyOf(waitingView(job, undefined, wording))).not.toHaveProperty('flags');
});

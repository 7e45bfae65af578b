// Threads and forum posts have no age restriction of their own: they inherit their parent's, and lie in its category.
import { expect, test } from 'vitest';
import { placeIn } from '../../src/discord/place.ts';

const category = { id: 'category' };
const forum = { id: 'forum', nsfw: true, parent: category };
const text = { id: 'text', nsfw: false, parent: category };

test.each<[string, object | null, readonly string[], boolean]>([
  ['a channel', text, ['here', 'category'], false],
  ['an age-restricted channel', { ...text, nsfw: true }, ['here', 'category'], true],
  ['a thread', { id: 'here', parent: text }, ['here', 'text', 'category'], false],
  ['a post in an age-restricted forum', { id: 'here', parent: forum }, ['here', 'forum', 'category'], true],
  ['a channel of no category', { id: 'here', nsfw: false, parent: null }, ['here'], false],
  // What Discord did not tell is taken for a place that children may open.
  ['an unknown channel', null, ['here'], false],
  ['a thread whose parent is unknown', { id: 'here', parent: null }, ['here'], false],
])('%s', (_, channel, channelIds, isAgeRestricted) => {
  expect(placeIn('guild', 'here', channel as never)).toEqual({
    guildId: 'guild',
    channelIds,
    isAgeRestricted,
    isPrivate: false,
  });
});

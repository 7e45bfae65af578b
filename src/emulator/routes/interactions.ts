// Routes that need no bot token but an interaction’s: the callback, follow-ups and edits.
import type { JsonObject } from '../apiError.ts';
import { answerInteraction, byToken, followUp, messageByToken } from '../interactions.ts';
import { deleteMessage, editMessage } from '../messages.ts';
import { isLoading } from '../wire.ts';
import { FLAG } from '../world.ts';
import { asBot, bodyOf, type Handler, nothing, ok, param, type Request } from './request.ts';

export const postCallback: Handler = (request) => {
  const { scene } = request;
  const { interaction, message } = answerInteraction(
    scene,
    param(request, 'interaction_id'),
    param(request, 'interaction_token'),
    bodyOf(request),
    request.files,
    request.arrivedAtMs,
  );
  if (request.query.with_response !== 'true') return nothing;
  const channel = scene.world.channels.get(interaction.channelId);
  const about: JsonObject = {
    id: interaction.id,
    type: { command: 2, component: 3, autocomplete: 4, modal: 5 }[interaction.kind],
    channel_id: interaction.channelId,
    ...(channel?.guildId == null ? {} : { guild_id: channel.guildId }),
    ...(message === undefined
      ? {}
      : {
          response_message_id: message.id,
          response_message_loading: isLoading(message),
          response_message_ephemeral: (message.now.flags & FLAG.ephemeral) !== 0,
        }),
  };
  if (message === undefined) return ok({ interaction: about });
  const type = interaction.callbackType === 5 ? 4 : (interaction.callbackType ?? 4);
  return ok({ interaction: about, resource: { type, message: asBot(scene, message) } });
};

const tokenOf = (request: Request) =>
  byToken(request.scene, param(request, 'webhook_id'), param(request, 'webhook_token'));
const tokenMessage = (request: Request) =>
  messageByToken(request.scene, tokenOf(request), request.params.message_id ?? '@original');

export const postFollowUp: Handler = (request) => {
  const message = followUp(request.scene, tokenOf(request), bodyOf(request), request.files);
  // For an application's webhook Discord always answers with the message.
  return ok(asBot(request.scene, message));
};

export const getTokenMessage: Handler = (request) => ok(asBot(request.scene, tokenMessage(request)));

export const patchTokenMessage: Handler = (request) =>
  ok(asBot(request.scene, editMessage(request.scene, tokenMessage(request), bodyOf(request), request.files)));

export const deleteTokenMessage: Handler = (request) => {
  deleteMessage(request.scene, tokenMessage(request));
  return nothing;
};

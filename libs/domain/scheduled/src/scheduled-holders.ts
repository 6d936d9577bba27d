import type { HolderExistence } from '#caas/domain/media';
import { scheduledMessages } from './scheduled-message.schema';

const WAITING = { $in: ['pending', 'sending'] };

/** Scheduled messages that wait to be sent hold files as messages do, under their own ids. */
export const waitingHolders: HolderExistence = async (ctx, ids) => {
  const waiting = await ctx
    .repository(scheduledMessages)
    .find({ _id: { $in: ids }, state: WAITING }, { fields: ['_id'] });
  return waiting.map(({ _id }) => _id);
};

import { conflict, invalid } from '#caas/kernel';
import type { Message } from '../store/message.schema';
import type { Poll } from '../store/poll-content';

/** @throws CaasError `not_a_poll` (409) */
export function requirePoll({ poll }: Message): Poll {
  if (!poll) throw conflict('not_a_poll', 'This message is not a poll.');
  return poll;
}

export const isClosed = ({ closed_at, closes_at }: Poll, now: Date): boolean =>
  closed_at !== null || (closes_at !== null && closes_at <= now);

/**
 * The options of these ids, each once, in the order of the poll.
 * @throws CaasError `unknown_option`, `single_choice` (400)
 */
export function chosenOf({ options, multiple }: Poll, optionIds: string[]): string[] {
  const chosen = options.map(({ id }) => id).filter((id) => optionIds.includes(id));
  if (chosen.length < new Set(optionIds).size) {
    throw invalid('unknown_option', 'The poll has no such option.', [
      { field: 'option_ids', message: 'must be ids of options of this poll' },
    ]);
  }
  if (chosen.length > 1 && !multiple) {
    throw invalid('single_choice', 'In this poll one votes for one option.', [
      { field: 'option_ids', message: 'must be one id at most' },
    ]);
  }
  return chosen;
}

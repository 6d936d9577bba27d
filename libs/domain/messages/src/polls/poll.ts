import { ObjectId } from 'bson';
import { comparableText, conflict, invalid, parseInstant, type FieldError } from '#caas/kernel';
import type { Message } from '../store/message.schema';
import type { Poll } from '../store/poll-content';

/** A poll in the body of a send. */
export interface NewPoll {
  question: string;
  options: { text: string }[];
  multiple?: boolean;
  anonymous?: boolean;
  closes_at?: string;
}

interface Body {
  type?: string;
  poll?: NewPoll;
  encrypted?: string;
}

/**
 * The poll of a new message; null for one of another type.
 * @throws CaasError `invalid_poll`, `duplicate` for options that read the same, `invalid_closes_at` (400)
 */
export function pollOf({ type, poll, encrypted }: Body, now: Date): Poll | null {
  if (type !== 'poll' && !poll) return null;
  if (!poll) throw refused({ field: 'poll', message: 'must be given with the type "poll"' });
  if (type !== 'poll') throw refused({ field: 'type', message: 'must be "poll" for a poll' });
  if (encrypted) throw refused({ field: 'encrypted', message: 'does not go with a poll' });
  requireDistinct(poll.options);
  return {
    question: poll.question,
    options: poll.options.map(({ text }) => ({ id: new ObjectId().toHexString(), text, vote_count: 0 })),
    multiple: poll.multiple ?? false,
    anonymous: poll.anonymous ?? false,
    closes_at: poll.closes_at === undefined ? null : future(parseInstant(poll.closes_at), now),
    closed_at: null,
    voter_count: 0,
  };
}

const refused = (error: FieldError) =>
  invalid('invalid_poll', 'A poll is a message of the type "poll", and never encrypted.', [error]);

function requireDistinct(options: NewPoll['options']): void {
  if (new Set(options.map(({ text }) => comparableText(text))).size === options.length) return;
  throw invalid('duplicate', 'Two options of the poll read the same.', [
    { field: 'poll.options', message: 'must differ in more than letter case, blanks and forms of the same characters' },
  ]);
}

function future(date: Date | null, now: Date): Date {
  if (date !== null && date > now) return date;
  throw invalid('invalid_closes_at', 'A poll closes at a time to come.', [
    { field: 'poll.closes_at', message: 'must be an instant in the future, such as 2027-03-14T02:30:00Z' },
  ]);
}

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

/** With the numbers as they are when one voter changes from these options to those; none is one who does not vote. */
export function recounted(poll: Poll, before: string[], after: string[]): Poll {
  const options = poll.options.map((option) => {
    const change = Number(after.includes(option.id)) - Number(before.includes(option.id));
    return { ...option, vote_count: option.vote_count + change };
  });
  const voters = Number(after.length > 0) - Number(before.length > 0);
  return { ...poll, options, voter_count: poll.voter_count + voters };
}

/** The numbers of a poll by the ids of its options, and as `voters`; without those that are 0. */
export function tallyOf(poll: Poll | null): Record<string, number> {
  const counts = (poll?.options ?? []).map(({ id, vote_count }) => [id, vote_count] as const);
  return Object.fromEntries(
    [...counts, ['voters', poll?.voter_count ?? 0] as const].filter(([, count]) => count !== 0),
  );
}

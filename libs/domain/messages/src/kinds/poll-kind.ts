import { ObjectId } from 'bson';
import { comparableText, invalid, parseInstant } from '#caas/kernel';
import type { Poll } from '../store/poll-content';
import { pollVotes, type PollVote } from '../store/poll-vote.schema';
import { MessageKind } from './message-kind';
import type { PollDto } from './poll.dto';

/** A question with options. The message keeps the counts; each voter's vote is a row. */
export class PollKind extends MessageKind<'poll', PollDto, PollVote> {
  override readonly type = 'poll';
  override readonly rows = { collection: pollVotes, archivedAs: 'votes' };

  /** @throws CaasError `duplicate` for options that read the same, `invalid_closes_at` (400) */
  override prepare({ question, options, multiple, anonymous, closes_at }: PollDto, now: Date): Poll {
    requireDistinct(options);
    return {
      question,
      options: options.map(({ text }) => ({ id: new ObjectId().toHexString(), text, vote_count: 0 })),
      multiple: multiple ?? false,
      anonymous: anonymous ?? false,
      closes_at: closes_at === undefined ? null : future(parseInstant(closes_at), now),
      closed_at: null,
      voter_count: 0,
    };
  }

  override view({ question, options, multiple, anonymous, closes_at, closed_at, voter_count }: Poll) {
    return {
      question,
      options: options.map(({ id, text, vote_count }) => ({ id, text, vote_count })),
      multiple,
      anonymous,
      closes_at: closes_at?.toISOString() ?? null,
      closed_at: closed_at?.toISOString() ?? null,
      voter_count,
    };
  }

  override texts({ question, options }: Poll): string[] {
    return [question, ...options.map(({ text }) => text)];
  }

  override withTexts(poll: Poll, [question, ...texts]: string[]): Poll {
    const options = poll.options.map((option, at) => ({ ...option, text: texts[at]! }));
    return { ...poll, question: question!, options };
  }

  override viewOfOwn([vote]: PollVote[]) {
    return { own_votes: vote?.option_ids ?? [] };
  }

  /** The votes by the id of their option, and the number of voters under `voters`. */
  override counts({ options, voter_count }: Poll): Record<string, number> {
    const counts = [
      ...options.map(({ id, vote_count }) => [id, vote_count] as const),
      ['voters', voter_count] as const,
    ];
    return Object.fromEntries(counts.filter(([, count]) => count !== 0));
  }

  override countedIn({ option_ids }: PollVote): string[] {
    return [...option_ids, 'voters'];
  }

  override withoutRow(poll: Poll, { option_ids }: PollVote): Poll {
    return recounted(poll, option_ids, []);
  }
}

/** The poll with its counts after one voter changed from the options `before` to the options `after`. No option means no vote. */
export function recounted(poll: Poll, before: string[], after: string[]): Poll {
  const options = poll.options.map((option) => {
    const change = Number(after.includes(option.id)) - Number(before.includes(option.id));
    return { ...option, vote_count: option.vote_count + change };
  });
  const voters = Number(after.length > 0) - Number(before.length > 0);
  return { ...poll, options, voter_count: poll.voter_count + voters };
}

function requireDistinct(options: PollDto['options']): void {
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

import type { Message } from '../store/message.schema';
import type { ArchivedMessage, SeqSpan } from './message-archive';

/**
 * The range of `seq` where cold messages of a page can be. None are above `archivedSeq`, and a full page of hot messages has no
 * room beyond its last message.
 * @param hot messages of the page, in its order
 */
export function coldPart(span: SeqSpan, hot: Pick<Message, 'seq'>[], archivedSeq: number): SeqSpan | null {
  const last = hot.length >= span.limit ? hot.at(-1) : undefined;
  let from = span.from;
  let to = Math.min(span.to, archivedSeq);
  if (last && span.direction === 'backward') from = Math.max(from, last.seq + 1);
  if (last && span.direction === 'forward') to = Math.min(to, last.seq - 1);
  return from > to ? null : { ...span, from, to };
}

/**
 * Merges hot and cold messages in the order of the page. If a message is both, the hot copy wins. `cold` are the messages of the
 * page that are not hot.
 */
export function mergedBySeq(
  hot: Message[],
  archived: ArchivedMessage[],
  { direction, limit }: SeqSpan,
): { kept: (Message | ArchivedMessage)[]; cold: ArchivedMessage[] } {
  const known = new Set(hot.map(({ seq }) => seq));
  const seqOf = (each: Message | ArchivedMessage) => ('message' in each ? each.message.seq : each.seq);
  const sign = direction === 'backward' ? -1 : 1;
  const kept = [...hot, ...archived.filter(({ message }) => !known.has(message.seq))]
    .sort((a, b) => sign * (seqOf(a) - seqOf(b)))
    .slice(0, limit);
  return { kept, cold: kept.flatMap((each) => ('message' in each ? each : [])) };
}

/** Each message once, as it was after its last change. */
export function firstByRev(found: Message[], limit: number): Message[] {
  const byId = new Map<string, Message>();
  for (const message of found) {
    const known = byId.get(message._id.toHexString());
    if (!known || known.__v < message.__v) byId.set(message._id.toHexString(), message);
  }
  return [...byId.values()].sort((a, b) => a.rev - b.rev).slice(0, limit);
}

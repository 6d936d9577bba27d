import type { Conversation } from '#caas/domain/conversations';
import type { GoneSeqs } from '../cold-reads/message-archive';
import { shownRevOf, type Message } from '../store/message.schema';
import { countsOf, kindOf } from '../kinds/message-kinds';
import { KIND_TYPES } from '../store/kind-contents';

/** A stored number that differs from what was counted. */
export interface Drift {
  conversation_id: string;
  /** The message it is about, when it is about one. */
  message_id?: string;
  /** The number's field, or the collection of the rows of a kind (`poll_votes`). */
  what: string;
  stored: unknown;
  counted: unknown;
}

/** The fields of a message that the recount reads. */
export const ACCOUNTED = [
  'seq',
  'rev',
  'created_rev',
  'thread_root_id',
  'reply_count',
  'reaction_counts',
  'type',
  ...KIND_TYPES,
  'deleted_at',
] as const;
export type AccountedMessage = Pick<Message, '_id' | (typeof ACCOUNTED)[number]>;

/** Recounts the messages of one conversation, given by `seq`, and reports where its stored numbers differ. */
export class ConversationRecount {
  readonly drifts: Drift[] = [];
  private messages = 0;
  private lastId: string | null = null;
  private readonly revs = new Set<number>();
  /** By the root's id. */
  private readonly replies = new Map<string, number>();
  private readonly storedReplies = new Map<string, number>();

  /** @param gone numbers of messages that have expired, and are expected to be missing */
  constructor(
    private readonly conversation: Conversation,
    private readonly gone: readonly GoneSeqs[] = [],
  ) {}

  /**
   * @param reactions of this message by emoji key, counted from the rows of reactions
   * @param kindCounts as the message's kind keeps them (votes by option), counted from its rows
   */
  add(message: AccountedMessage, reactions: Record<string, number>, kindCounts: Record<string, number>): void {
    const id = message._id.toHexString();
    this.skipGone(message.seq - 1);
    this.messages += 1;
    this.lastId = id;
    if (message.seq !== this.messages) this.report('seq', message.seq, this.messages, id);
    const rev = shownRevOf(message);
    if (rev > 0 && this.revs.has(rev)) this.report('rev', rev, 'another message has it', id);
    if (message.rev > this.conversation.rev) this.report('rev', message.rev, this.conversation.rev, id);
    if (message.created_rev > this.conversation.rev) this.report('rev', message.created_rev, this.conversation.rev, id);
    else if (rev > 0 && message.created_rev > rev) this.report('rev', rev, message.created_rev, id);
    this.revs.add(rev);
    const root = message.thread_root_id?.toHexString();
    if (root && !message.deleted_at) this.replies.set(root, (this.replies.get(root) ?? 0) + 1);
    if (message.reply_count > 0) this.storedReplies.set(id, message.reply_count);
    if (!sameCounts(message.reaction_counts, reactions)) {
      this.report('reaction_counts', message.reaction_counts, reactions, id);
    }
    const rows = kindOf(message)?.rows;
    const stored = countsOf(message);
    if (rows && !sameCounts(stored, kindCounts)) this.report(rows.collection.name, stored, kindCounts, id);
  }

  /** @param watermarks of the members, each with the highest `seq` that it names */
  finish(memberCount: number, watermarks: { user_id: string; seq: number }[]): Drift[] {
    const { member_count, last_seq, last_message } = this.conversation;
    this.skipGone(last_seq);
    if (member_count !== memberCount) this.report('member_count', member_count, memberCount);
    if (last_seq !== this.messages) this.report('last_seq', last_seq, this.messages);
    const newest = last_message?.id.toHexString() ?? null;
    if (newest !== this.lastId && this.gone.length === 0) this.report('last_message', newest, this.lastId);
    for (const { user_id, seq } of watermarks) {
      if (seq > last_seq) this.report('watermark', { user_id, seq }, last_seq);
    }
    // Messages of threads may have expired as well.
    if (this.gone.length > 0) return this.drifts;
    for (const id of new Set([...this.replies.keys(), ...this.storedReplies.keys()])) {
      const [stored, counted] = [this.storedReplies.get(id) ?? 0, this.replies.get(id) ?? 0];
      if (stored !== counted) this.report('reply_count', stored, counted, id);
    }
    return this.drifts;
  }

  /** Skips expired numbers up to `upTo`. A message that changed late may remain in a range whose others have expired. */
  private skipGone(upTo: number): void {
    const isGone = (seq: number) => this.gone.some(({ first_seq, last_seq }) => first_seq <= seq && seq <= last_seq);
    while (this.messages < upTo && isGone(this.messages + 1)) this.messages += 1;
  }

  private report(what: Drift['what'], stored: unknown, counted: unknown, message_id?: string): void {
    const conversation_id = this.conversation._id.toHexString();
    this.drifts.push({ conversation_id, ...(message_id ? { message_id } : {}), what, stored, counted });
  }
}

function sameCounts(one: Record<string, number>, other: Record<string, number>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}

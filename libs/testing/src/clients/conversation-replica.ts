import { HeldEvents } from './held-events';
import { previewOf, snapshotOf, type Snapshot } from './snapshot';
import type {
  ConversationChanges,
  ConversationState,
  Envelope,
  MembershipData,
  MessageState,
  Position,
  ReactionData,
  ReceiptState,
} from './wire';

/**
 * One conversation in a client's memory, and the whole of what a client must do to keep it right. It remembers two numbers: it
 * knows every message up to `seq`, and every change up to `rev`. Both begin at 0, and neither says anything about the other.
 *
 * Events:
 * - `message.created` has a `seq` and no `rev`. The one that follows the known `seq` is applied, a known one is ignored, a later one
 *   waits. Whoever sent it has read and received up to it: no receipt says so.
 * - Every other event that has a `rev` is a change. The one that follows the known `rev` is applied, a known one is ignored, a later
 *   one waits. An event with `covers: [from, to]` stands for all of these changes, and follows when `from` is known or next.
 * - A change of a message that is not known yet (its `seq` is above the known one) waits for the message.
 * - `change.hidden` is a message or a change that this user cannot see: its number is known then, and nothing else follows from it.
 * - What waits is asked for: `hear` answers false, and `sync` is to be asked with both numbers. So it is after an event that does not tell
 *   everything: `reaction.*` on another `base_rev` than the message has here, counts of reactions or votes that may be one's own,
 *   somebody who comes, the end of the conversation.
 * - An event with neither number is no part of the conversation's order: ask `sync` when it says that this user left.
 *
 * A message is replaced only by a copy with a higher `rev`, wherever that copy comes from. Watermarks never sink.
 *
 * Answers of `sync`:
 * - They tell the changes of known messages first, then new messages, and are complete up to their own `seq` and `rev`.
 * - While `has_more`, ask again with the answered numbers, and let every event wait: a message that changed twice is in no page before
 *   its last change, and an event that tells a part of that change has an old message to build on.
 * - Events may have overtaken an answer. Below the known `rev` only its messages are news. Above the known `rev` it counts with both
 *   numbers: if its `seq` is below the known one, the messages between may have changed without a word here; the client goes back to
 *   that `seq` and asks again.
 * - `resync_required`: forget the conversation and begin at 0.
 */
export class ConversationReplica implements Position {
  /** Every message up to here is known. */
  seq = 0;
  /** Every change up to here is known. */
  rev = 0;
  /** `sync` has told all up to some position. Until then events have nothing to build on. */
  private isWhole = false;
  private readonly messages = new Map<string, MessageState>();
  /** By external id. */
  private receipts = new Map<string, ReceiptState>();
  private readonly held = new HeldEvents();

  /** @param me the external id of whose memory this is */
  constructor(
    private conversation: ConversationState,
    private readonly me: string,
  ) {}

  /** @param event has a `seq` or a `rev` @returns whether nothing is missing now */
  hear(event: Envelope): boolean {
    const isNews = event.rev === undefined ? event.seq! > this.seq : event.rev > this.rev;
    if (isNews) this.held.add(event);
    return this.release();
  }

  /** @returns whether nothing is missing now */
  take(answer: ConversationChanges): boolean {
    const { messages, seq, rev, has_more } = answer;
    const goesBack = rev > this.rev && seq < this.seq;
    for (const message of messages) if (this.isNews(message)) this.messages.set(message.id, message);
    // The rest of an answer that events have overtaken is old.
    if (rev >= this.rev) this.takeRest(answer);
    for (const message of messages) this.raiseSender(message);
    // They have no number: each answer's are newer than those of the one before.
    this.conversation = { ...this.conversation, preferences: answer.preferences };
    this.seq = goesBack ? seq : Math.max(seq, this.seq);
    this.rev = Math.max(rev, this.rev);
    this.isWhole = !has_more;
    this.held.forget(this);
    return this.release() && !goesBack;
  }

  get clientMessageIds(): string[] {
    return [...this.messages.values()].map(({ client_message_id }) => client_message_id);
  }

  get snapshot(): Snapshot {
    const messages = [...this.messages.values()].sort((a, b) => a.seq - b.seq);
    const newest = messages.at(-1);
    const last_seq = Math.max(this.conversation.last_seq, this.seq);
    const read = this.receipts.get(this.me)?.read_seq ?? 0;
    const unread_count = last_seq - read;
    const unread_mentions = Math.min(messages.filter((each) => each.seq > read && this.isForMe(each)).length, 100);
    const last_message = newest ? previewOf(newest) : null;
    const own = { last_seq, unread_count, unread_mentions, last_message };
    return snapshotOf({ ...this.conversation, rev: this.rev, ...own }, messages, [...this.receipts.values()]);
  }

  private takeRest({ conversation, receipts }: ConversationChanges): void {
    this.conversation = conversation ?? this.conversation;
    // Who is in follows from the `rev`; how far they are does not, since who sends takes none.
    const known = this.receipts;
    this.receipts = new Map(receipts.map((receipt) => [receipt.user.user_external_id, receipt]));
    for (const receipt of known.values()) this.raise(receipt);
  }

  private release(): boolean {
    while (this.isWhole) {
      const message = this.held.message(this.seq + 1);
      const next = message ?? this.held.change(this.rev + 1);
      if (!next) return this.held.isEmpty;
      const isOfUnknown = !message && next.seq !== undefined && next.seq > this.seq;
      if (isOfUnknown || !this.apply(next)) return false;
      if (message) this.seq = message.seq!;
      else this.rev = next.rev!;
      this.held.forget(this);
    }
    return false;
  }

  /** @returns false for an event that does not tell everything, or that this client does not know */
  private apply(event: Envelope): boolean {
    const { type, data } = event;
    switch (type) {
      case 'message.created':
        this.raiseSender(data as MessageState);
        return this.applyMessage(event);
      case 'message.updated':
      case 'message.deleted':
        return this.applyMessage(event);
      case 'reaction.added':
      case 'reaction.removed':
        return this.applyReaction(data as ReactionData, event.rev!, type === 'reaction.added');
      case 'receipt.updated':
        this.raise(data as ReceiptState);
        return true;
      case 'conversation.updated':
        this.conversation = { ...this.conversation, ...(data as ConversationState) };
        return true;
      case 'member.removed':
        this.receipts.delete((data as MembershipData).user.user_external_id);
        return true;
      case 'member.updated':
        // Roles are not kept here.
        return true;
      case 'change.hidden':
        return true;
      // Who comes has read up to where they came; and of a conversation that ends nothing stays: `sync` says both.
      default:
        return false;
    }
  }

  private applyMessage({ type, rev, covers, data }: Envelope): boolean {
    const message = data as MessageState;
    if (!this.isNews(message)) return true;
    const known = this.messages.get(message.id);
    // It may be one that is hidden from this user, or gone for good: `sync` knows.
    if (!known && type !== 'message.created') return false;
    const { own_reactions, own_votes } = (!message.deleted_at && known) || { own_reactions: [], own_votes: [] };
    // Whose reactions or votes are new, an event about the message does not say: they may be this user's.
    const isOneChange = covers === undefined || covers[0] === rev;
    for (const counts of message.deleted_at ? [] : [reactionsTo, votesIn]) {
      if (!sameCounts(counts(message), known ? counts(known) : {})) return false;
      // The same counts, but of several changes: one may have taken back what another gave.
      if (!isOneChange && Object.keys(counts(message)).length > 0) return false;
    }
    this.messages.set(message.id, { ...message, own_reactions, own_votes });
    return true;
  }

  private applyReaction(data: ReactionData, rev: number, added: boolean): boolean {
    const { message_id, base_rev, emoji, user, reaction_counts } = data;
    const message = this.messages.get(message_id);
    if (!message) return false;
    if (message.rev >= rev) return true;
    if (message.rev !== base_rev) return false;
    const others = message.own_reactions.filter((each) => each !== emoji);
    const isMine = user.user_external_id === this.me;
    const own_reactions = isMine ? [...others, ...(added ? [emoji] : [])] : message.own_reactions;
    this.messages.set(message_id, { ...message, rev, reaction_counts, own_reactions });
    return true;
  }

  /** Who writes has read. Not only what is news: `sync` may have told of it with receipts that were older. */
  private raiseSender({ sender, seq }: MessageState): void {
    this.raise({ user: sender, read_seq: seq, delivered_seq: seq });
  }

  /**
   * Watermarks never sink, so that an older receipt does no harm. Nobody comes in by one: a message that was on its way when
   * its sender was removed may still follow the removal.
   */
  private raise(receipt: ReceiptState): void {
    const { user_external_id } = receipt.user;
    const known = this.receipts.get(user_external_id);
    if (!known) return;
    this.receipts.set(user_external_id, {
      user: known.user,
      read_seq: Math.max(receipt.read_seq, known.read_seq),
      delivered_seq: Math.max(receipt.delivered_seq, known.delivered_seq),
    });
  }

  private isForMe({ mentions, deleted_at }: MessageState): boolean {
    return !deleted_at && mentions.some(({ user_external_id }) => user_external_id === this.me);
  }

  private isNews({ id, rev }: MessageState): boolean {
    const known = this.messages.get(id);
    return known === undefined || known.rev < rev;
  }
}

const reactionsTo = ({ reaction_counts }: MessageState): Record<string, number> => reaction_counts;

/** By option; those that nobody voted for are left out. */
function votesIn({ poll }: MessageState): Record<string, number> {
  const counts = poll?.options.map(({ id, vote_count }) => [id, vote_count] as const) ?? [];
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function sameCounts(a: Record<string, number>, b: Record<string, number>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

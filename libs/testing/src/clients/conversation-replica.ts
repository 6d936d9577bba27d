import type {
  ConversationChanges,
  ConversationState,
  Envelope,
  MembershipData,
  MessageState,
  ReactionData,
  ReceiptState,
} from './wire';

/** A conversation as a user sees it, in a form that two of them can be compared in. */
export interface Snapshot {
  conversation: ConversationState;
  /** By `seq`. */
  messages: object[];
  /** By external id. */
  receipts: object[];
}

/**
 * One conversation in a client's memory, and the whole of what a client must do to keep it right:
 * - an event whose `rev` follows the known one is applied, a known one is ignored;
 * - a later one waits, and so does one that does not tell everything: then `hear` answers false, and `sync` is to be asked for
 *   what changed after `rev`, until it has told all;
 * - while `sync` has more to tell, every event waits: a message that changed twice is in none of the pages before its last change,
 *   and an event that tells a part of that change has an old message to build on.
 */
export class ConversationReplica {
  /** Everything up to here is known. */
  rev = 0;
  /** `sync` has told all up to some `rev`. Until then events have nothing to build on. */
  private isWhole = false;
  private readonly messages = new Map<string, MessageState>();
  /** By external id. */
  private receipts = new Map<string, ReceiptState>();
  private readonly held = new Map<number, Envelope>();

  /** @param me the external id of whose memory this is */
  constructor(
    private conversation: ConversationState,
    private readonly me: string,
  ) {}

  /** @returns whether nothing is missing now */
  hear(event: Envelope): boolean {
    if (event.rev! > this.rev) this.held.set(event.rev!, event);
    return this.release();
  }

  /** @returns whether nothing is missing now */
  take({ messages, receipts, rev, has_more, conversation, preferences }: ConversationChanges): boolean {
    // Each is as new as its own rev says, which may be later than the answer's.
    for (const message of messages)
      if (this.isNews(message.id, message.rev - 1)) this.messages.set(message.id, message);
    // The rest of an answer that events have overtaken is old.
    if (rev >= this.rev) {
      this.isWhole = !has_more;
      this.conversation = conversation ?? this.conversation;
      this.receipts = new Map(receipts.map((receipt) => [receipt.user.user_external_id, receipt]));
      this.rev = rev;
    }
    // They have no rev: each answer's are newer than those of the one before.
    this.conversation = { ...this.conversation, preferences };
    for (const each of this.held.keys()) if (each <= this.rev) this.held.delete(each);
    return this.release();
  }

  get clientMessageIds(): string[] {
    return [...this.messages.values()].map(({ client_message_id }) => client_message_id);
  }

  get snapshot(): Snapshot {
    const messages = [...this.messages.values()].sort((a, b) => a.seq - b.seq);
    const newest = messages.at(-1);
    const last_seq = Math.max(this.conversation.last_seq, newest?.seq ?? 0);
    const read = this.receipts.get(this.me)?.read_seq ?? 0;
    const unread_count = last_seq - read;
    const unread_mentions = Math.min(messages.filter((each) => each.seq > read && this.isForMe(each)).length, 100);
    const last_message = newest ? previewOf(newest) : null;
    const own = { last_seq, unread_count, unread_mentions, last_message };
    return snapshotOf({ ...this.conversation, rev: this.rev, ...own }, messages, [...this.receipts.values()]);
  }

  private release(): boolean {
    if (!this.isWhole) return false;
    for (let next = this.held.get(this.rev + 1); next; next = this.held.get(this.rev + 1)) {
      if (!this.apply(next)) return false;
      this.held.delete(next.rev!);
      this.rev = next.rev!;
    }
    return this.held.size === 0;
  }

  /** @returns false for an event that does not tell everything, or that this client does not know */
  private apply({ type, rev, data }: Envelope): boolean {
    switch (type) {
      case 'message.created':
      case 'message.updated':
      case 'message.deleted':
        return this.applyMessage(type, data as MessageState);
      case 'reaction.added':
      case 'reaction.removed':
        return this.applyReaction(data as ReactionData, rev!, type === 'reaction.added');
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
      // Who comes has read up to where they came; and of a conversation that ends nothing stays: `sync` says both.
      default:
        return false;
    }
  }

  private applyMessage(type: string, message: MessageState): boolean {
    // Who writes has read. Not only of a message that is news: `sync` may have told of it with receipts that were older.
    if (type === 'message.created') {
      this.raise({ user: message.sender, read_seq: message.seq, delivered_seq: message.seq });
    }
    if (!this.isNews(message.id, message.rev - 1)) return true;
    const known = this.messages.get(message.id);
    // It may be one that is hidden from this user, whose changes are told to all: `sync` knows.
    if (!known && type !== 'message.created' && this.conversation.history === 'joined') return false;
    const { own_reactions, own_votes } = (!message.deleted_at && known) || { own_reactions: [], own_votes: [] };
    // Whose reactions or votes are new, an event about the message does not say: they may be this user's.
    if (!message.deleted_at && !sameCounts(message.reaction_counts, known?.reaction_counts ?? {})) return false;
    if (!message.deleted_at && !sameCounts(votesIn(message), votesIn(known))) return false;
    this.messages.set(message.id, { ...message, own_reactions, own_votes });
    return true;
  }

  private applyReaction({ message_id, emoji, user, reaction_counts }: ReactionData, rev: number, added: boolean) {
    const message = this.messages.get(message_id);
    if (!message) return false;
    if (message.rev >= rev) return true;
    const others = message.own_reactions.filter((each) => each !== emoji);
    const isMine = user.user_external_id === this.me;
    const own_reactions = isMine ? [...others, ...(added ? [emoji] : [])] : message.own_reactions;
    this.messages.set(message_id, { ...message, rev, reaction_counts, own_reactions });
    return true;
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

  private isNews(messageId: string, afterRev: number): boolean {
    return (this.messages.get(messageId)?.rev ?? 0) <= afterRev;
  }
}

/** Of what a server answers, or of what a client made of its events: equal when both know the same. */
export function snapshotOf(
  conversation: ConversationState,
  messages: MessageState[],
  receipts: ReceiptState[],
): Snapshot {
  return {
    conversation: withoutTimeOfChange(conversation),
    messages: messages.map((message) =>
      withoutTimeOfChange({ ...message, own_reactions: message.own_reactions.toSorted() }),
    ),
    receipts: receipts.toSorted((a, b) => (a.user.user_external_id < b.user.user_external_id ? -1 : 1)),
  };
}

/** No event of a reaction or a receipt says to the millisecond when it was stored. */
function withoutTimeOfChange<T extends object>(view: T): T & { updated_at: undefined } {
  return { ...view, updated_at: undefined };
}

function previewOf({ id, seq, sender, type, text, poll, created_at, deleted_at }: MessageState) {
  return { id, seq, sender, type, text: text ?? poll?.question ?? null, created_at, deleted_at };
}

/** By option; those that nobody voted for are left out. */
function votesIn(message: MessageState | undefined): Record<string, number> {
  const counts = message?.poll?.options.map(({ id, vote_count }) => [id, vote_count] as const) ?? [];
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function sameCounts(a: Record<string, number>, b: Record<string, number>): boolean {
  const emojis = Object.keys(a);
  return emojis.length === Object.keys(b).length && emojis.every((emoji) => a[emoji] === b[emoji]);
}

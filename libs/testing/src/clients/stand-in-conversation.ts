import type { ConversationChanges, ConversationState, Envelope, MessageState, Position, ReceiptState } from './wire';
import { previewOf, snapshotOf, type Snapshot } from './snapshot';

const ID = 'conversation';

const userOf = (name: string) => ({ user_id: name, user_external_id: name, user_display_name: name });

/** A change of a message that was told of, with the message as it then was: an event may stand for several of them. */
interface Queued {
  event: Envelope;
  message?: MessageState;
}

/** As much of a server as one conversation needs: what happens in it, the events of that, and the answers of `sync`. */
export class StandInConversation {
  readonly messages: MessageState[] = [];
  /** What one connection is still to be sent: in the order of `seq`, and in the order of `rev`. */
  readonly queue: { messages: Queued[]; changes: Queued[] } = { messages: [], changes: [] };
  private rev = 0;
  private name = '';
  private readonly receipts = new Map<string, ReceiptState>();
  private readonly reactions = new Map<string, Set<string>>();

  constructor(members: string[]) {
    for (const name of members) this.receipts.set(name, { user: userOf(name), read_seq: 0, delivered_seq: 0 });
  }

  get lastSeq(): number {
    return this.messages.length;
  }

  isIn(user: string): boolean {
    return this.receipts.has(user);
  }

  send(user: string): void {
    const seq = this.lastSeq + 1;
    const fields = { conversation_id: ID, client_message_id: `c-${seq}`, type: 'text', text: `text ${seq}` };
    const unset = { thread_root_id: null, metadata: null, poll: null, pinned_at: null, deleted_at: null };
    const lists = { mentions: [userOf('anna')], own_reactions: [], own_votes: [], reaction_counts: {} };
    const message = {
      id: `m-${seq}`,
      seq,
      rev: 0,
      sender: userOf(user),
      created_at: '',
      ...fields,
      ...unset,
      ...lists,
    };
    this.messages.push(message);
    this.receipts.set(user, { user: userOf(user), read_seq: seq, delivered_seq: seq });
    this.queue.messages.push({ event: this.event('message.created', { seq, data: { ...message } }) });
  }

  edit(message: MessageState): void {
    this.change(message, 'message.updated', { text: `${message.text}!` });
  }

  delete(message: MessageState): void {
    this.reactions.delete(message.id);
    this.change(message, 'message.deleted', { text: null, deleted_at: 'now', mentions: [], reaction_counts: {} });
  }

  react(message: MessageState, user: string): void {
    if (message.deleted_at) return;
    const users = this.reactions.get(message.id) ?? new Set();
    const isAdded = !users.delete(user);
    if (isAdded) users.add(user);
    this.reactions.set(message.id, users);
    const base_rev = message.rev;
    const reaction_counts: Record<string, number> = users.size === 0 ? {} : { '👍': users.size };
    const data = { message_id: message.id, base_rev, emoji: '👍', user: userOf(user), reaction_counts };
    this.change(message, isAdded ? 'reaction.added' : 'reaction.removed', { reaction_counts }, data);
  }

  read(user: string): void {
    const receipt = { ...this.receipts.get(user)!, read_seq: this.lastSeq, delivered_seq: this.lastSeq };
    this.receipts.set(user, receipt);
    this.tell('receipt.updated', receipt);
  }

  rename(): void {
    this.name += 'x';
    this.tell('conversation.updated', { name: this.name, last_seq: this.lastSeq });
  }

  hide(): void {
    this.tell('change.hidden', {});
  }

  comeOrGo(user: string): void {
    const isIn = this.receipts.delete(user);
    const watermarks = { read_seq: this.lastSeq, delivered_seq: this.lastSeq };
    if (!isIn) this.receipts.set(user, { user: userOf(user), ...watermarks });
    this.tell(isIn ? 'member.removed' : 'member.added', { user: userOf(user), role: 'member' });
  }

  /** Two changes of one message that follow each other are told as one, as from a database that knows the last alone. */
  merge(at: number): void {
    const [first, second] = this.queue.changes.slice(at, at + 2);
    if (!first?.message || second?.message?.id !== first.message.id) return;
    const from = first.event.covers?.[0] ?? first.event.rev!;
    const type = second.message.deleted_at ? 'message.deleted' : 'message.updated';
    const covers: [number, number] = [from, second.event.rev!];
    this.queue.changes.splice(at, 2, { ...second, event: { ...second.event, type, covers, data: second.message } });
  }

  /** A message that was told of too late is told of as it is by then. */
  delay(at: number): void {
    const event = this.queue.messages[at]?.event;
    if (event) event.data = { ...this.messages[event.seq! - 1]! };
  }

  /** What the row says, which `sync` reads first. */
  get row(): ConversationState & { name: string } {
    const last_message = this.messages.length > 0 ? previewOf(this.messages.at(-1)!) : null;
    const read = this.receipts.get('anna')!.read_seq;
    return {
      ...{ id: ID, type: 'group', history: 'all', preferences: { archived: false }, name: this.name },
      ...{ last_seq: this.lastSeq, rev: this.rev, last_message, unread_count: this.lastSeq - read },
      unread_mentions: this.messages.filter((each) => each.seq > read && each.mentions.length > 0).length,
    };
  }

  /** The rest of the answer, with the messages as they are by now. */
  answer(row: ConversationState, known: Position, limit: number): ConversationChanges {
    const changed = this.messages.filter(({ seq, rev }) => seq <= known.seq && rev > known.rev);
    const told = changed.sort((a, b) => a.rev - b.rev).slice(0, limit);
    const left = this.messages.slice(known.seq);
    const news = left.slice(0, limit - told.length);
    const cut = { changes: told.length < changed.length, messages: news.length < left.length };
    return {
      messages: [...told, ...news].map((message) => this.viewForAnna(message)),
      receipts: [...this.receipts.values()],
      seq: cut.messages ? (news.at(-1)?.seq ?? known.seq) : this.lastSeq,
      rev: cut.changes ? Math.min(told.at(-1)!.rev, row.rev) : row.rev,
      has_more: cut.changes || cut.messages,
      resync_required: false,
      preferences: row.preferences,
      conversation: row,
    };
  }

  get snapshot(): Snapshot {
    const messages = this.messages.map((message) => this.viewForAnna(message));
    return snapshotOf(this.row, messages, [...this.receipts.values()]);
  }

  private viewForAnna(message: MessageState): MessageState {
    const isMine = this.reactions.get(message.id)?.has('anna') ?? false;
    return { ...message, own_reactions: isMine ? ['👍'] : [] };
  }

  private change(message: MessageState, type: string, fields: Partial<MessageState>, data?: object): void {
    this.rev += 1;
    const changed = Object.assign(message, fields, { rev: this.rev });
    const event = this.event(type, { seq: message.seq, rev: this.rev, data: data ?? { ...changed } });
    this.queue.changes.push({ event, message: { ...changed } });
  }

  private tell(type: string, data: object): void {
    this.rev += 1;
    this.queue.changes.push({ event: this.event(type, { rev: this.rev, data }) });
  }

  private event(type: string, rest: Pick<Envelope, 'seq' | 'rev' | 'data'>): Envelope {
    return { id: '', type, conversation_id: ID, ...rest };
  }
}

/** The parts of the contract's shapes that a client keeps; whatever else a server sends is kept along with them. */
export interface UserReference {
  user_id: string;
  user_external_id: string;
  user_display_name: string;
}

/** What `POST /platform/v1/tenants` answers. */
export interface CreatedTenant {
  id: string;
  server_key: { id: string; key: string };
  signing_key: { kid: string; secret: string };
}

/** One page of a list. */
export interface PageOf<T> {
  data: T[];
  page: { next_cursor: string | null; has_more: boolean };
}

/** A conversation's two counters, which are independent: `seq` numbers its messages, `rev` every other change in it. */
export interface Position {
  seq: number;
  rev: number;
}

/** One page of messages, with the conversation's numbers when it was read. */
export interface MessagePage extends PageOf<MessageState> {
  page: PageOf<MessageState>['page'] & Position & { /** The lowest that this member can read. */ first_seq: number };
}

export interface MessageState {
  id: string;
  conversation_id: string;
  seq: number;
  /** Of its last change; 0 when it never changed. */
  rev: number;
  client_message_id: string;
  sender: UserReference;
  type: string;
  text: string | null;
  thread_root_id: string | null;
  mentions: UserReference[];
  metadata: Record<string, unknown> | null;
  reaction_counts: Record<string, number>;
  own_reactions: string[];
  poll: PollState | null;
  own_votes: string[];
  pinned_at: string | null;
  created_at: string;
  deleted_at: string | null;
}

export interface PollState {
  question: string;
  options: { id: string; vote_count: number }[];
  voter_count: number;
}

export interface ReceiptState {
  user: UserReference;
  read_seq: number;
  delivered_seq: number;
}

export interface ConversationState {
  id: string;
  type: string;
  last_seq: number;
  rev: number;
  unread_count: number;
  unread_mentions: number;
  /** Where it is "joined", messages from before the user are hidden. */
  history: string;
  last_message: unknown;
  /** Of the user alone, and told without a number. */
  preferences: { archived: boolean };
}

export interface Envelope {
  id: string;
  type: string;
  conversation_id?: string;
  /** Of the message that it is about. */
  seq?: number;
  /** Its place among the changes; `message.created` has none, its place is its `seq`. */
  rev?: number;
  /** It stands for the changes with these revs, both ends included; the last one is `rev`. */
  covers?: [number, number];
  data: unknown;
}

/** Not all of the message: only who holds it as it was at `base_rev` can bring it up to date. */
export interface ReactionData {
  message_id: string;
  /** The message's `rev` before this change. */
  base_rev: number;
  emoji: string;
  user: UserReference;
  reaction_counts: Record<string, number>;
}

export interface MembershipData {
  user: UserReference;
  role: string;
}

/** What one conversation has in the answer of `sync`: all that a client lacks up to these numbers. */
export interface ConversationChanges extends Position {
  /** What changed of those that the client knows, by `rev`; then what is new to it, by `seq`. */
  messages: MessageState[];
  receipts: ReceiptState[];
  has_more: boolean;
  resync_required: boolean;
  preferences: ConversationState['preferences'];
  /** When anything in it changed. */
  conversation?: ConversationState;
}

export interface SyncRequest {
  /** What the client remembers, by conversation: it knows all up to there, without a gap. */
  conversations: Record<string, Position>;
  /** Messages per conversation, at most. */
  limit?: number;
}

export interface SyncAnswer {
  conversations: Record<string, ConversationChanges>;
  joined: ConversationState[];
  left: string[];
}

export type Acknowledgement<T> =
  { ok: true; data: T } | { ok: false; error: { status: number; code: string; detail: string } };

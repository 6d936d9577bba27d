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

export interface MessageState {
  id: string;
  conversation_id: string;
  seq: number;
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
  /** Of the user alone, and told without a rev. */
  preferences: { archived: boolean };
}

export interface Envelope {
  id: string;
  type: string;
  conversation_id?: string;
  seq?: number;
  rev?: number;
  data: unknown;
}

export interface ReactionData {
  message_id: string;
  emoji: string;
  user: UserReference;
  reaction_counts: Record<string, number>;
}

export interface MembershipData {
  user: UserReference;
  role: string;
}

/** What one conversation has in the answer of `sync`. */
export interface ConversationChanges {
  messages: MessageState[];
  receipts: ReceiptState[];
  rev: number;
  has_more: boolean;
  resync_required: boolean;
  preferences: ConversationState['preferences'];
  /** When anything in it changed. */
  conversation?: ConversationState;
}

export interface SyncAnswer {
  conversations: Record<string, ConversationChanges>;
  joined: ConversationState[];
  left: string[];
}

export type Acknowledgement<T> =
  { ok: true; data: T } | { ok: false; error: { status: number; code: string; detail: string } };

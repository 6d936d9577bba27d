/** The parts of the contract's shapes that a client keeps; whatever else a server sends is kept along with them. */
interface Person {
  user_id: string;
  user_external_id: string;
}

export interface MessageState {
  id: string;
  conversation_id: string;
  seq: number;
  rev: number;
  client_message_id: string;
  sender: Person;
  type: string;
  text: string | null;
  thread_root_id: string | null;
  mentions: Person[];
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
  user: Person;
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
  user: Person;
  reaction_counts: Record<string, number>;
}

export interface MembershipData {
  user: Person;
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

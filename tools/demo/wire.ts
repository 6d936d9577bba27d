/** The parts of the contract's shapes (design: REST and WebSocket) that the demo looks at. */
export interface MessageView {
  id: string;
  conversation_id: string;
  seq: number;
  rev: number;
  client_message_id: string;
  sender: { user_external_id: string; user_display_name: string };
  type: string;
  text: string | null;
  metadata: Record<string, unknown>;
}

export interface ConversationView {
  id: string;
  last_seq: number;
  rev: number;
}

export interface PageOf<T> {
  data: T[];
  page: { next_cursor: string | null; has_more: boolean };
}

export interface Envelope {
  type: string;
  conversation_id?: string;
  rev?: number;
  data: unknown;
}

export type Acknowledgement<T> =
  { ok: true; data: T } | { ok: false; error: { status: number; code: string; detail: string } };

export interface SyncAnswer {
  conversations: Record<string, { messages: MessageView[]; rev: number; has_more: boolean }>;
  left: string[];
}

import { ObjectId } from 'bson';

/** What a message has that nobody has replied to, reacted to, pinned or edited. */
const UNTOUCHED = {
  type: 'text',
  attachments: [],
  reply_to_id: null,
  thread_root_id: null,
  reply_count: 0,
  last_repliers: [],
  forwarded_from: null,
  mentions: [],
  metadata: null,
  encrypted: null,
  reaction_counts: {},
  poll: null,
  pinned_at: null,
  edited_at: null,
};

/** A message as it is stored, field for field, for those who write to the engine without the api. */
export function storedMessage(fields: {
  tenant_id: string;
  conversation_id: ObjectId;
  sender: object;
  seq: number;
  client_message_id: string;
  text: string;
  _id?: ObjectId;
  request_hash?: string;
  created_at?: Date;
}) {
  const created_at = fields.created_at ?? new Date();
  return {
    _id: new ObjectId(),
    ...fields,
    rev: 0,
    created_rev: 0,
    request_hash: fields.request_hash ?? 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
    ...UNTOUCHED,
    created_at,
    updated_at: created_at,
    deleted_at: null,
    __v: 0,
  };
}

/** What clients are told of a message that was just sent. */
export function toldMessage(fields: {
  conversation_id: string;
  client_message_id: string;
  text: string;
  seq: number;
  sender: object;
}) {
  const now = new Date().toISOString();
  return {
    id: new ObjectId().toHexString(),
    ...fields,
    rev: 0,
    ...UNTOUCHED,
    deleted_at: null,
    created_at: now,
    updated_at: now,
  };
}

import { ObjectId } from 'bson';
import { invalid } from '#caas/kernel';
import { contentIn, type Said } from '../kinds/message-kinds';
import { KIND_TYPES } from '../store/kind-contents';
import type { MessageType } from '../store/message.schema';

/** A file by its id, as a request names it. */
export interface AttachedFile {
  file_id: string;
}

interface Content extends Said {
  type?: MessageType;
  encrypted?: string | null;
}

const KINDS_OF_CONTENT = ['a text', ...KIND_TYPES.map((type) => `a ${type}`), 'an encrypted payload or an attachment'];

/** @throws CaasError `attachments_required` (400) for media without any, `empty_message`, `invalid_<type>` (400) */
export function requireContent({ type, text, encrypted, ...said }: Content, attachments: number): void {
  if (type === 'media' && attachments === 0) {
    throw invalid('attachments_required', 'A message of the type "media" needs an attachment.', [
      { field: 'attachments', message: 'must not be empty' },
    ]);
  }
  const known = contentIn(said);
  if (known && encrypted) {
    throw invalid(`invalid_${known.kind.type}`, `A ${known.kind.type} is never encrypted.`, [
      { field: 'encrypted', message: `does not go with a ${known.kind.type}` },
    ]);
  }
  if (text || encrypted || known || attachments > 0) return;
  throw invalid('empty_message', `A message needs ${KINDS_OF_CONTENT.join(', ')}.`, [
    { field: 'text', message: 'must not be empty' },
  ]);
}

export const fileIdsOf = (attached: AttachedFile[]): ObjectId[] => attached.map(({ file_id }) => new ObjectId(file_id));

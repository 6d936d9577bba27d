import { ObjectId } from 'bson';
import { invalid } from '#caas/kernel';
import type { MessageType } from '../store/message.schema';
import type { Poll } from '../store/poll-content';

/** A file by its id, as a request names it. */
export interface AttachedFile {
  file_id: string;
}

interface Said {
  type?: MessageType;
  text?: string | null;
  encrypted?: string | null;
  poll?: Poll | null;
}

/** @throws CaasError `attachments_required` (400) for media without any, `empty_message`, `invalid_poll` (400) */
export function requireContent({ type, text, encrypted, poll }: Said, attachments: number): void {
  if (type === 'media' && attachments === 0) {
    throw invalid('attachments_required', 'A message of the type "media" needs an attachment.', [
      { field: 'attachments', message: 'must not be empty' },
    ]);
  }
  if (poll && encrypted) {
    throw invalid('invalid_poll', 'A poll is never encrypted.', [
      { field: 'encrypted', message: 'does not go with a poll' },
    ]);
  }
  if (text || encrypted || poll || attachments > 0) return;
  throw invalid('empty_message', 'A message needs a text, a poll, an encrypted payload or an attachment.', [
    { field: 'text', message: 'must not be empty' },
  ]);
}

export const fileIdsOf = (attached: AttachedFile[]): ObjectId[] => attached.map(({ file_id }) => new ObjectId(file_id));

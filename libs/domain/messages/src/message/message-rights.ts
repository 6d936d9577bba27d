import { conflict, type UserReference } from '#caas/kernel';
import { isModerator, type Role } from '#caas/domain/conversations';
import type { Message } from '../store/message.schema';

/** What the service itself says is nobody's, though somebody caused it. */
export const isOwn = ({ sender, type }: Message, { user_id }: UserReference): boolean =>
  type !== 'system' && sender.user_id.equals(user_id);

/** Who may delete a message or close its poll: its sender, and in groups and channels whoever keeps order there. */
export const canModerate = (message: Message, actor: UserReference, role: Role, isDirect: boolean): boolean =>
  isOwn(message, actor) || (!isDirect && isModerator(role));

/** @throws CaasError `message_deleted` (409) */
export function requirePresent({ deleted_at }: Message): void {
  if (deleted_at) throw conflict('message_deleted', 'This message was deleted.');
}

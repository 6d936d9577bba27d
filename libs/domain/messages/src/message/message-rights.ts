import { conflict, type UserReference } from '#caas/kernel';
import { isModerator, type Role } from '#caas/domain/conversations';
import type { Message } from '../store/message.schema';

/** A system message is nobody's own, although a user caused it. */
export const isOwn = ({ sender, type }: Message, { user_id }: UserReference): boolean =>
  type !== 'system' && sender.user_id.equals(user_id);

/** Whether the actor may delete a message or close its poll: the sender may, and in groups and channels moderators and above. */
export const canModerate = (message: Message, actor: UserReference, role: Role, isDirect: boolean): boolean =>
  isOwn(message, actor) || (!isDirect && isModerator(role));

/** @throws CaasError `message_deleted` (409) */
export function requirePresent({ deleted_at }: Message): void {
  if (deleted_at) throw conflict('message_deleted', 'This message was deleted.');
}

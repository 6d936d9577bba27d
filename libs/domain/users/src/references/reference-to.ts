import type { UserReference } from '#caas/kernel';
import type { User } from '../persistence/user.schema';

export const referenceTo = (user: Pick<User, '_id' | 'external_id' | 'display_name'>): UserReference => ({
  user_id: user._id,
  user_external_id: user.external_id,
  user_display_name: user.display_name,
});

import { userDevices } from './user-device.schema';
import { userRelationships } from './user-relationship.schema';
import { userSessions } from './user-session.schema';
import { users } from './user.schema';

export { users };

/** Every collection this domain owns. */
export const USER_COLLECTIONS = [users, userDevices, userSessions, userRelationships];

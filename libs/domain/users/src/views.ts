import type { ObjectId } from 'bson';
import { type RequestContext, type UserReference, versioned } from '#caas/kernel';
import type { DeviceView } from './http/dto/device.dto';
import type { UserView } from './http/dto/profile.dto';
import type { RelationshipView, UserReferenceView } from './http/dto/relationship.dto';
import type { SessionView } from './http/dto/session.dto';
import { deviceEditionOf, type UserDevice } from './persistence/user-device.schema';
import type { UserRelationship } from './persistence/user-relationship.schema';
import type { UserSession } from './persistence/user-session.schema';
import { profileVersionOf, type User } from './persistence/user.schema';

/* Documents as clients see them, over every transport: `_id` as `id`, times in ISO 8601, and only listed fields. */

export const viewOfUser = (user: User): UserView =>
  versioned(
    {
      id: hex(user._id),
      external_id: user.external_id,
      display_name: user.display_name,
      avatar_file_id: user.avatar_file_id === null ? null : hex(user.avatar_file_id),
      metadata: user.metadata,
      status: user.status,
      last_seen_at: user.last_seen_at?.toISOString() ?? null,
      created_at: user.created_at.toISOString(),
      updated_at: user.updated_at.toISOString(),
    },
    profileVersionOf(user),
  );

export const viewOfDevice = (device: UserDevice): DeviceView =>
  versioned(
    {
      id: hex(device._id),
      device_id: device.device_id,
      platform: device.platform,
      push_token: device.push_token,
      name: device.name,
      created_at: device.created_at.toISOString(),
      updated_at: device.updated_at.toISOString(),
    },
    deviceEditionOf(device),
  );

export const viewOfSession =
  (ctx: RequestContext) =>
  (session: UserSession): SessionView => ({
    id: hex(session._id),
    device_id: session.device_id,
    platform: session.platform,
    name: session.name,
    current: ctx.userActor.sessionId === hex(session._id),
    expires_at: session.expires_at.toISOString(),
    created_at: session.created_at.toISOString(),
  });

export const viewOfRelationship = (relationship: UserRelationship): RelationshipView => ({
  id: hex(relationship._id),
  type: relationship.type,
  status: relationship.status,
  requested: relationship.requested,
  user: viewOfReference(relationship.target),
  created_at: relationship.created_at.toISOString(),
  updated_at: relationship.updated_at.toISOString(),
});

export const viewOfReference = (reference: UserReference): UserReferenceView => ({
  user_id: hex(reference.user_id),
  user_external_id: reference.user_external_id,
  user_display_name: reference.user_display_name,
});

const hex = (id: ObjectId): string => id.toHexString();

import { command } from '../framework/command';
import { DRY_RUN, objectId, oneOf, optional, TENANT, text, YES } from '../framework/values';

const user = text('user', 'the external id of the user');

export const usersList = command({
  path: 'users list',
  does: 'the users of a tenant, newest first',
  parts: 'everything',
  words: {},
  options: {
    tenant: TENANT,
    status: optional(oneOf(['active', 'deactivated'], 'only those')),
    name: optional(text('prefix', 'only those whose name begins so')),
  },
});

export const usersShow = command({
  path: 'users show',
  does: 'one user',
  parts: 'everything',
  words: { user },
  options: { tenant: TENANT },
});

export const usersSet = command({
  path: 'users set',
  does: 'makes a user, brings a deleted one back, or gives one another name',
  parts: 'everything',
  words: { user },
  options: { tenant: TENANT, name: optional(text('name', 'what others see; the external id unless given')) },
});

export const usersDeactivate = command({
  path: 'users deactivate',
  does: 'shuts a user out; what they wrote stays',
  parts: 'everything',
  words: { user },
  options: { tenant: TENANT },
});

export const usersActivate = command({
  path: 'users activate',
  does: 'lets a user in who was deactivated',
  parts: 'everything',
  words: { user },
  options: { tenant: TENANT },
});

export const usersDelete = command({
  path: 'users delete',
  does: 'deletes a user as they would themselves: their name stays on what they wrote, their sessions and devices go',
  parts: 'everything',
  words: { user },
  options: { tenant: TENANT, yes: YES, 'dry-run': DRY_RUN },
});

export const sessionsList = command({
  path: 'sessions list',
  does: 'the live sessions of a user',
  parts: 'everything',
  words: { user },
  options: { tenant: TENANT },
});

export const sessionsRevoke = command({
  path: 'sessions revoke',
  does: 'ends one session of a user, or all of them: tokens and sockets stop within 5 seconds',
  parts: 'everything',
  words: { user },
  options: {
    tenant: TENANT,
    session: optional(objectId('id', 'only this one; all of the user’s otherwise')),
    'dry-run': DRY_RUN,
  },
});

import { Preconditions, type Page, type PageRequest, type RequestContext, type TenantId } from '#caas/kernel';
import { SessionsService, UsersService, viewOfSession, viewOfUser } from '#caas/domain/users';
import { RequestContexts } from '#caas/tenancy';
import type { Answer, InputOf, Session } from '../framework/command';
import { UsageError } from '../framework/errors';
import type * as spec from '../commands/users';

type UserView = ReturnType<typeof viewOfUser>;
type SessionView = ReturnType<ReturnType<typeof viewOfSession>>;

const PAGE: PageRequest = { cursor: null, limit: 100, direction: 'backward' };

const row = ({ external_id, display_name, status, id }: UserView) =>
  `${external_id.padEnd(30)} ${status.padEnd(12)} ${id}  ${display_name}`;

export async function list(
  { options: { tenant, status, name } }: InputOf<typeof spec.usersList>,
  session: Session,
): Promise<Answer> {
  const ctx = await session.contextOf(tenant);
  const users: UserView[] = [];
  const pages = (request: PageRequest) =>
    session.app.get(UsersService).list(ctx, { status, namePrefix: name }, request);
  for await (const user of everyOf(pages)) {
    users.push(viewOfUser(user));
    session.progress(`${users.length} users`);
  }
  return { data: users, lines: users.map(row) };
}

export async function show(
  { words: { user }, options: { tenant } }: InputOf<typeof spec.usersShow>,
  session: Session,
): Promise<Answer> {
  const view = await userNamed(session, await session.contextOf(tenant), user);
  const { metadata, last_seen_at, created_at } = view;
  return {
    data: view,
    lines: [
      row(view),
      `made ${created_at}, last seen ${last_seen_at ?? 'never'}`,
      ...(Object.keys(metadata).length > 0 ? [`metadata ${JSON.stringify(metadata)}`] : []),
    ],
  };
}

export async function set(
  { words: { user }, options: { tenant, name } }: InputOf<typeof spec.usersSet>,
  session: Session,
): Promise<Answer> {
  requireName(user);
  const ctx = await session.contextOf(tenant);
  const profile = name === undefined ? {} : { display_name: name };
  const put = await session.app.get(UsersService).put(ctx, user, profile, Preconditions.NONE);
  return { data: { ...viewOfUser(put.user), created: put.created }, lines: [row(viewOfUser(put.user))] };
}

const setStatus = async (
  { words: { user }, options: { tenant } }: InputOf<typeof spec.usersActivate>,
  status: 'active' | 'deactivated',
  session: Session,
): Promise<Answer> => {
  const ctx = await session.contextOf(tenant);
  await userNamed(session, ctx, user);
  const changed = await session.app.get(UsersService).update(ctx, user, { status }, Preconditions.NONE);
  return { data: viewOfUser(changed), lines: [row(viewOfUser(changed))] };
};

export const activate = (input: InputOf<typeof spec.usersActivate>, session: Session) =>
  setStatus(input, 'active', session);

export const deactivate = (input: InputOf<typeof spec.usersDeactivate>, session: Session) =>
  setStatus(input, 'deactivated', session);

export async function remove(
  { words: { user }, options }: InputOf<typeof spec.usersDelete>,
  session: Session,
): Promise<Answer> {
  const ctx = await session.contextOf(options.tenant);
  const view = await userNamed(session, ctx, user);
  const who = `${view.external_id} (${view.display_name}) of ${options.tenant}`;
  if (options['dry-run']) return { data: { ...view, dry_run: true }, lines: [`would delete ${who}`] };
  if (!options.yes) throw new UsageError(`This deletes ${who}: add --yes.`, 'not_confirmed');
  await session.app.get(UsersService).remove(ctx, user, Preconditions.NONE);
  return { data: { ...view, deleted: true }, lines: [`deleted ${who}`] };
}

export async function listSessions(
  { words: { user }, options: { tenant } }: InputOf<typeof spec.sessionsList>,
  session: Session,
): Promise<Answer> {
  const ctx = await actingAs(session, tenant, user);
  const sessions = await sessionsOf(session, ctx);
  const line = ({ id, platform, name, expires_at }: SessionView) =>
    `${id}  ${(platform ?? '').padEnd(8)} until ${expires_at}  ${name ?? ''}`.trimEnd();
  return { data: sessions, lines: sessions.map(line) };
}

export async function revokeSessions(
  { words: { user }, options }: InputOf<typeof spec.sessionsRevoke>,
  session: Session,
): Promise<Answer> {
  const ctx = await actingAs(session, options.tenant, user);
  const live = await sessionsOf(session, ctx);
  const chosen = options.session === undefined ? live : live.filter(({ id }) => id === options.session);
  if (options.session !== undefined && chosen.length === 0) {
    throw new UsageError(`${user} of ${options.tenant} has no live session ${options.session}.`, 'session_not_found');
  }
  const what = `${chosen.length} sessions of ${user} of ${options.tenant}`;
  const data = { user_external_id: user, sessions: chosen.map(({ id }) => id) };
  if (options['dry-run']) return { data: { ...data, dry_run: true }, lines: [`would end ${what}`] };
  for (const { id } of chosen) await session.app.get(SessionsService).revoke(ctx, id);
  return { data, lines: [`ended ${what}`] };
}

/** @throws CaasError `user_not_found`, also for a user who was deleted */
async function userNamed({ app }: Session, ctx: RequestContext, externalId: string): Promise<UserView> {
  requireName(externalId);
  return viewOfUser(await app.get(UsersService).get(ctx, externalId));
}

function requireName(externalId: string): void {
  if (externalId === 'me') throw new UsageError('Name a user: there is no "me" at the command line.');
}

/** A context in which the operator asks for what is the user's own. */
async function actingAs(session: Session, tenant: TenantId, externalId: string): Promise<RequestContext> {
  const own = await session.contextOf(tenant);
  await userNamed(session, own, externalId);
  const [user] = await session.app.get(UsersService).referencesTo(own, [externalId], 'user');
  const actor = { kind: 'user', user: user!, via: 'server_key', sessionId: null } as const;
  return session.app.get(RequestContexts).open(own.tenant, actor, own.requestId);
}

async function sessionsOf({ app }: Session, ctx: RequestContext): Promise<SessionView[]> {
  const found: SessionView[] = [];
  for await (const each of everyOf((page) => app.get(SessionsService).list(ctx, page))) {
    found.push(viewOfSession(ctx)(each));
  }
  return found;
}

async function* everyOf<T>(pageOf: (request: PageRequest) => Promise<Page<T>>): AsyncIterable<T> {
  for (let cursor: string | null = null; ;) {
    const { data, page } = await pageOf({ ...PAGE, cursor });
    yield* data;
    if (page.next_cursor === null) return;
    cursor = page.next_cursor;
  }
}

import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectId } from 'bson';
import { notFound, parseObjectId, type RequestContext } from '#caas/kernel';
import { UserDirectory } from '#caas/access';
import { AuditLog, type AuditAction } from '#caas/control-plane';
import {
  Archiver,
  ArchiveHolds,
  ArchiveStatus,
  ArchiveVerifier,
  GarbageCollector,
  Eraser,
  RetentionEnforcer,
  Exporter,
  HoldRelease,
  Restorer,
  type HoldSubject,
} from '#caas/domain/archive';
import { ArchivableMessages } from '#caas/domain/messages';
import type * as spec from '../commands/archive';
import type { Answer, InputOf, Session } from '../framework/command';
import { UsageError } from '../framework/errors';

export async function run({ options }: InputOf<typeof spec.archiveRun>, session: Session): Promise<Answer> {
  const { app } = session;
  const ctx = await session.contextOf(options.tenant);
  const conversationId = await conversationOf(session, ctx, options.conversation);
  const wanted = { conversationId, afterDays: options['after-days'] };
  if (options['dry-run']) {
    const due = await app.get(Archiver).due(ctx, wanted);
    const lines = [`would move ${due.messages} messages of ${due.conversations} conversations of ${options.tenant}`];
    return { data: { ...due, dry_run: true }, lines };
  }
  const onProgress = ({ conversations, messages }: { conversations: number; messages: number }) =>
    session.progress(`${conversations} conversations, ${messages} messages`);
  const { next: _, ...done } = await app.get(Archiver).run(ctx, { ...wanted, onProgress });
  const expired = await app.get(RetentionEnforcer).expire(ctx);
  const collected = await app.get(GarbageCollector).collect(ctx);
  const failures = done.failed.map(({ conversation_id, reason }) => `${conversation_id} failed: ${reason}`);
  const sum = `${done.conversations} conversations, ${done.messages} messages in ${done.segments} segments (${done.bytes} bytes), ${done.pruned} no longer hot, ${done.busy} busy, ${expired} expired`;
  return {
    data: { ...done, expired, collected },
    lines: [...failures, `of ${options.tenant}: ${sum}`],
    failed: done.failed.length > 0,
  };
}

export async function status({ options }: InputOf<typeof spec.archiveStatus>, session: Session): Promise<Answer> {
  const ctx = await session.contextOf(options.tenant);
  const conversationId = await conversationOf(session, ctx, options.conversation);
  const { rules, ...state } = await session.app.get(ArchiveStatus).of(ctx, conversationId);
  const retention = rules.retentionDays === null ? 'for good' : `for ${rules.retentionDays} days`;
  return {
    data: { rules: { after_days: rules.afterDays, retention_days: rules.retentionDays }, ...state },
    lines: [
      `after ${rules.afterDays} days, kept ${retention}`,
      `${state.messages} messages in ${state.segments} segments, ${state.bytes} bytes (${state.content_bytes} before compression)`,
      ...Object.entries(state.by_state).map(([name, count]) => `${name.padEnd(10)} ${count}`),
      ...state.holds.map(
        ({ reason, conversation_id, user_id, until }) =>
          `held (${reason}): ${conversation_id ?? user_id ?? 'all'} ${until ?? ''}`,
      ),
    ],
  };
}

export async function verify({ options }: InputOf<typeof spec.archiveVerify>, session: Session): Promise<Answer> {
  const ctx = await session.contextOf(options.tenant);
  const conversationId = await conversationOf(session, ctx, options.conversation);
  const { next: _, ...found } = await session.app.get(ArchiveVerifier).verify(ctx, { conversationId });
  const lines = found.problems.map(({ key, reason }) => `${key}: ${reason}`);
  const sum = `${found.segments} segments, ${found.messages} messages, ${found.bytes} bytes, damaged ${found.damaged}`;
  return { data: found, lines: [...lines, sum], failed: found.damaged > 0 };
}

export async function restore({ options }: InputOf<typeof spec.archiveRestore>, session: Session): Promise<Answer> {
  const [fromSeq, toSeq] = [options['from-seq'], options['to-seq']];
  if ((fromSeq ?? 0) > (toSeq ?? Infinity)) throw new UsageError('--from-seq is beyond --to-seq.');
  const ctx = await session.contextOf(options.tenant);
  const conversationId = (await conversationOf(session, ctx, options.conversation))!;
  const wish = { conversationId, fromSeq, toSeq };
  const where = `conversation ${options.conversation} of ${options.tenant}`;
  if (options['dry-run']) {
    const wanted = await session.app.get(Restorer).wanted(ctx, wish);
    const lines = [`would put back ${wanted.messages} messages of ${wanted.segments} segments of ${where}`];
    return { data: { ...wanted, dry_run: true }, lines };
  }
  await audit(session, ctx, 'archive.restored', { conversation_id: options.conversation });
  const restored = await session.app.get(Restorer).restore(ctx, wish);
  return {
    data: restored,
    lines: [`${restored.messages} messages of ${restored.segments} segments of ${where} are hot`],
  };
}

export async function exportMessages(
  { options }: InputOf<typeof spec.archiveExport>,
  session: Session,
): Promise<Answer> {
  const ctx = await session.contextOf(options.tenant);
  const conversationId = await conversationOf(session, ctx, options.conversation);
  const written = new Set<string>();
  let messages = 0;
  // Before anything is read out: also one that is broken off was one.
  await audit(session, ctx, 'archive.exported', { conversation_id: options.conversation ?? null });
  await mkdir(options.to, { recursive: true, mode: 0o700 });
  for await (const { conversationId: id, name, lines } of session.app.get(Exporter).export(ctx, conversationId)) {
    const own = join(options.to, id.toHexString());
    const file = join(own, `${name}.ndjson`);
    const text = lines.map((line) => `${line}\n`).join('');
    if (written.has(file)) await appendFile(file, text);
    else {
      await mkdir(own, { recursive: true, mode: 0o700 });
      await writeFile(file, text, { mode: 0o600 });
    }
    written.add(file);
    messages += lines.length;
    session.progress(`${messages} messages in ${written.size} files`);
  }
  const data = { files: written.size, messages };
  return { data, lines: [`${messages} messages of ${options.tenant} in ${written.size} files below ${options.to}`] };
}

export async function hold({ options }: InputOf<typeof spec.archiveHold>, session: Session): Promise<Answer> {
  const ctx = await session.contextOf(options.tenant);
  const subject = await subjectOf(session, ctx, options);
  const whom = nameOf(subject, options);
  if (!options.off) {
    await session.app.get(ArchiveHolds).place(ctx, subject);
    await audit(session, ctx, 'archive.hold_placed', idsOf(subject));
    return { data: { held: true, ...idsOf(subject) }, lines: [`${whom} is held`] };
  }
  const lifted = await session.app.get(HoldRelease).lift(ctx, subject);
  if (lifted) await audit(session, ctx, 'archive.hold_lifted', idsOf(subject));
  const lines = [lifted ? `${whom} is no longer held` : `${whom} was not held`];
  return { data: { held: false, lifted, ...idsOf(subject) }, lines };
}

export async function erase({ options }: InputOf<typeof spec.archiveErase>, session: Session): Promise<Answer> {
  const ctx = await session.contextOf(options.tenant);
  const subject = await subjectOf(session, ctx, options);
  if (!subject.conversationId && !subject.userId) throw new UsageError('Name --conversation or --user.');
  const whom = nameOf(subject, options);
  if (options['dry-run']) {
    const found = await session.app.get(Eraser).affected(ctx, subject);
    const lines = [`would erase ${found.messages} messages in ${found.segments} segments of ${whom}`];
    return { data: { ...found, dry_run: true, ...idsOf(subject) }, lines };
  }
  if (!options.yes)
    throw new UsageError(`This erases what is archived of ${whom}, for good: add --yes.`, 'not_confirmed');
  await audit(session, ctx, 'archive.erased', idsOf(subject));
  const erased = await session.app.get(Eraser).erase(ctx, subject);
  const lines = [`erased ${erased.messages} messages in ${erased.segments} segments of ${whom}`];
  return { data: { ...erased, ...idsOf(subject) }, lines };
}

/** @throws CaasError `conversation_not_found` (404): nothing is done then, for nobody */
async function conversationOf(
  { app }: Session,
  ctx: RequestContext,
  given: string | undefined,
): Promise<ObjectId | undefined> {
  if (given === undefined) return undefined;
  const id = parseObjectId(given, 'conversation');
  if (!(await app.get(ArchivableMessages).conversation(ctx, id))) throw notFound('conversation');
  return id;
}

interface Subject {
  conversation?: string | undefined;
  user?: string | undefined;
}

/** @throws UsageError for a user who never was, CaasError `conversation_not_found` */
async function subjectOf(session: Session, ctx: RequestContext, { conversation, user }: Subject): Promise<HoldSubject> {
  if (conversation !== undefined && user !== undefined) {
    throw new UsageError('--conversation and --user do not go together.');
  }
  const conversationId = await conversationOf(session, ctx, conversation);
  if (user === undefined) return { conversationId };
  const known = await session.app.get(UserDirectory, { strict: false }).find(ctx, user);
  if (!known) throw new UsageError(`There is no user "${user}" of ${ctx.tenantId}.`, 'user_not_found');
  return { userId: known.reference.user_id };
}

function nameOf({ conversationId, userId }: HoldSubject, { conversation, user }: Subject): string {
  return conversationId ? `conversation ${conversation}` : userId ? `user ${user}` : 'everything of the tenant';
}

const idsOf = ({ conversationId, userId }: HoldSubject) => ({
  conversation_id: conversationId?.toHexString() ?? null,
  user_id: userId?.toHexString() ?? null,
});

const audit = ({ app, operator }: Session, ctx: RequestContext, action: AuditAction, details: object): Promise<void> =>
  app.get(AuditLog).write(operator, action, ctx.tenantId, { ...details });

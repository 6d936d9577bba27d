import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { notFound, parseObjectId, parseTenantId, type RequestContext } from '#caas/kernel';
import { UserDirectory } from '#caas/access';
import {
  Archiver,
  ArchiveHolds,
  ArchiveStatus,
  ArchiveVerifier,
  Collector,
  Eraser,
  Expirer,
  Exporter,
  HoldRelease,
  MAX_DAYS,
  Restorer,
  type HoldSubject,
} from '#caas/domain/archive';
import { HotMessages } from '#caas/domain/messaging';
import { RequestContexts } from '#caas/tenancy';
import { option, UsageError, type Arguments, type Command } from '../command';

type Work = (
  app: INestApplicationContext,
  ctx: RequestContext,
  parameters: Arguments,
) => Promise<{ data: unknown; lines: string[] }>;

/** A command on one tenant's archive. */
const command = (usage: string, does: string, work: Work): Command => ({
  usage: `archive ${usage}`,
  does,
  run: async (app, parameters) => {
    const given = option(parameters, 'tenant');
    if (given === undefined) throw new UsageError('--tenant <id> is missing');
    const ctx = await app.get(RequestContexts).openFor(parseTenantId(given), { kind: 'system', name: 'cli' }, 'cli');
    return work(app, ctx, parameters);
  },
});

export const archiveCommands: Command[] = [
  command(
    'run --tenant <id> [--conversation <id>] [--after-days <n>]',
    'moves old messages to cold storage now',
    async (app, ctx, parameters) => {
      const conversationId = await conversationOf(app, ctx, parameters);
      const afterDays = numberOf(parameters, 'after-days', MAX_DAYS);
      const { next: _, ...done } = await app.get(Archiver).run(ctx, { conversationId, afterDays });
      const expired = await app.get(Expirer).expire(ctx);
      const collected = await app.get(Collector).collect(ctx);
      if (done.failed.length > 0) process.exitCode = 1;
      const failures = done.failed.map(({ conversation_id, reason }) => `${conversation_id} failed: ${reason}`);
      const sum = `${done.conversations} conversations, ${done.messages} messages in ${done.segments} segments (${done.bytes} bytes), ${done.pruned} no longer hot, ${done.busy} busy, ${expired} expired`;
      return { data: { ...done, expired, collected }, lines: [...failures, sum] };
    },
  ),
  command(
    'status --tenant <id> [--conversation <id>]',
    'what is in cold storage, and what is held',
    async (app, ctx, parameters) => {
      const state = await app.get(ArchiveStatus).of(ctx, await conversationOf(app, ctx, parameters));
      const { rules, segments, messages, bytes, content_bytes, by_state, holds } = state;
      const retention = rules.retentionDays === null ? 'for good' : `for ${rules.retentionDays} days`;
      return {
        data: state,
        lines: [
          `after ${rules.afterDays} days, kept ${retention}`,
          `${messages} messages in ${segments} segments, ${bytes} bytes (${content_bytes} before compression)`,
          ...Object.entries(by_state).map(([name, count]) => `${name.padEnd(10)} ${count}`),
          ...holds.map(
            ({ reason, conversation_id, user_id, until }) =>
              `held (${reason}): ${conversation_id ?? user_id ?? 'all'} ${until ?? ''}`,
          ),
        ],
      };
    },
  ),
  command(
    'verify --tenant <id> [--conversation <id>]',
    'reads every segment back; any damage is a failure',
    async (app, ctx, parameters) => {
      const { next: _, ...found } = await app
        .get(ArchiveVerifier)
        .verify(ctx, { conversationId: await conversationOf(app, ctx, parameters) });
      if (found.damaged > 0) process.exitCode = 1;
      const lines = found.problems.map(({ key, reason }) => `${key}: ${reason}`);
      const sum = `${found.segments} segments, ${found.messages} messages, ${found.bytes} bytes, damaged ${found.damaged}`;
      return { data: found, lines: [...lines, sum] };
    },
  ),
  command(
    'restore --tenant <id> --conversation <id> [--from-seq <n>] [--to-seq <n>]',
    'puts messages back into the hot collections',
    async (app, ctx, parameters) => {
      const conversationId = await conversationOf(app, ctx, parameters);
      if (!conversationId) throw new UsageError('--conversation <id> is missing');
      const [fromSeq, toSeq] = [numberOf(parameters, 'from-seq'), numberOf(parameters, 'to-seq')];
      if ((fromSeq ?? 0) > (toSeq ?? Infinity)) throw new UsageError('--from-seq is beyond --to-seq');
      const restored = await app.get(Restorer).restore(ctx, { conversationId, fromSeq, toSeq });
      return { data: restored, lines: [`${restored.messages} messages of ${restored.segments} segments are hot`] };
    },
  ),
  command(
    'export --tenant <id> [--conversation <id>] --to <folder>',
    'writes all messages as plain ndjson: one file for each segment in cold storage, one for what is hot of a conversation',
    async (app, ctx, parameters) => {
      const folder = option(parameters, 'to');
      if (folder === undefined) throw new UsageError('--to <folder> is missing');
      const written = new Set<string>();
      let messages = 0;
      for await (const part of app.get(Exporter).export(ctx, await conversationOf(app, ctx, parameters))) {
        const { conversationId, name, lines } = part;
        const own = join(folder, conversationId.toHexString());
        const file = join(own, `${name}.ndjson`);
        const text = lines.map((line) => `${line}\n`).join('');
        if (written.has(file)) await appendFile(file, text);
        else {
          await mkdir(own, { recursive: true });
          await writeFile(file, text);
        }
        written.add(file);
        messages += lines.length;
      }
      return {
        data: { files: written.size, messages },
        lines: [`${messages} messages in ${written.size} files below ${folder}`],
      };
    },
  ),
  command(
    'hold --tenant <id> [--conversation <id> | --user <external id>] [--off]',
    'a legal hold: what it is about is neither archived nor erased nor expired, and kept when its author edits or deletes it',
    async (app, ctx, parameters) => {
      const subject = await subjectOf(app, ctx, parameters);
      if (parameters.options.off !== true) {
        await app.get(ArchiveHolds).place(ctx, subject);
        return { data: { held: true }, lines: ['held'] };
      }
      const lifted = await app.get(HoldRelease).lift(ctx, subject);
      return { data: { held: false, lifted }, lines: [lifted ? 'no longer held' : 'was not held'] };
    },
  ),
  command(
    'erase --tenant <id> (--conversation <id> | --user <external id>) --yes',
    'erases from cold storage what a user or a conversation left there, for good',
    async (app, ctx, parameters) => {
      if (parameters.options.yes !== true) throw new UsageError('this cannot be undone: add --yes');
      const erased = await app.get(Eraser).erase(ctx, await subjectOf(app, ctx, parameters));
      return { data: erased, lines: [`${erased.messages} messages in ${erased.segments} segments`] };
    },
  ),
];

/** @throws CaasError `invalid_conversation` (400), `conversation_not_found` (404): nothing is done then, for nobody */
async function conversationOf(
  app: INestApplicationContext,
  ctx: RequestContext,
  parameters: Arguments,
): Promise<ObjectId | undefined> {
  const given = option(parameters, 'conversation');
  if (given === undefined) return undefined;
  const id = parseObjectId(given, 'conversation');
  if (!(await app.get(HotMessages).conversation(ctx, id))) throw notFound('conversation');
  return id;
}

async function subjectOf(
  app: INestApplicationContext,
  ctx: RequestContext,
  parameters: Arguments,
): Promise<HoldSubject> {
  const conversationId = await conversationOf(app, ctx, parameters);
  const externalId = option(parameters, 'user');
  if (externalId === undefined) return { conversationId };
  if (conversationId) throw new UsageError('--conversation and --user do not go together');
  const user = await app.get(UserDirectory, { strict: false }).find(ctx, externalId);
  if (!user) throw new UsageError(`there is no user "${externalId}"`);
  return { userId: user.reference.user_id };
}

function numberOf(parameters: Arguments, name: string, max = 999_999_999): number | undefined {
  const given = option(parameters, name);
  if (given === undefined) return undefined;
  if (/^\d{1,9}$/.test(given) && Number(given) <= max) return Number(given);
  throw new UsageError(`--${name} is a whole number from 0 to ${max}, not "${given}"`);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { archiveMessages } from '#caas/contracts';
import { newRequestId, type TenantId } from '#caas/kernel';
import { encodeJob } from '#caas/platform/queue';
import { cpuSeconds } from '../support/cpu';
import { DATABASE, type Archivable, type Bench } from './bench';

const LOOK_EVERY_MS = 500;
const DEADLINE_MS = 20 * 60_000;

export interface Archived {
  /** From the job's being queued to the last message's leaving the hot collections. */
  seconds: number;
  messages: number;
  segments: number;
  bytes: number;
  contentBytes: number;
  /** Of the worker and of the engines. */
  cpu: { worker: number; engines: number };
}

interface State {
  _id: string;
  segments: number;
  messages: number;
  bytes: number;
  content_bytes: number;
  until: Date;
}

/** Has the worker archive a tenant, by the job that the night brings, and waits until all of it is done. */
export async function archiveByJob(
  bench: Bench,
  worker: { pid: number },
  { tenantId, old }: Archivable,
): Promise<Archived> {
  const before = { worker: cpuSeconds([worker.pid]), engines: cpuSeconds(bench.engines.pids) };
  const startedAt = Date.now();
  await enqueue(bench, tenantId as TenantId);
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    const states = await statesOf(bench, tenantId);
    const pruned = states.find(({ _id }) => _id === 'pruned');
    if (pruned && pruned.messages >= old && states.length === 1) {
      return {
        seconds: (pruned.until.getTime() - startedAt) / 1_000,
        messages: pruned.messages,
        segments: pruned.segments,
        bytes: pruned.bytes,
        contentBytes: pruned.content_bytes,
        cpu: {
          worker: cpuSeconds([worker.pid]) - before.worker,
          engines: cpuSeconds(bench.engines.pids) - before.engines,
        },
      };
    }
    if (Date.now() > startedAt + DEADLINE_MS) throw new Error(`not archived in time: ${JSON.stringify(states)}`);
  }
}

async function enqueue({ engines }: Bench, tenantId: TenantId): Promise<void> {
  const { hostname, port } = new URL(engines.redisUrl);
  const queue = new Queue(archiveMessages.queue, { connection: { host: hostname, port: Number(port) } });
  try {
    const data = encodeJob(archiveMessages, { after: null }, { tenantId, requestId: newRequestId() });
    await queue.add(archiveMessages.name, data);
  } finally {
    await queue.close();
  }
}

function statesOf({ database }: Bench, tenant_id: string): Promise<State[]> {
  const sum = { segments: { $sum: 1 }, messages: { $sum: '$count' }, bytes: { $sum: '$bytes' } };
  return database
    .db(DATABASE)
    .collection('archive_segments')
    .aggregate<State>([
      { $match: { tenant_id } },
      {
        $group: { _id: '$state', ...sum, content_bytes: { $sum: '$content_bytes' }, until: { $max: '$updated_at' } },
      },
    ])
    .toArray();
}

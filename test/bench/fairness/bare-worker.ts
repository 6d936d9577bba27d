/** BullMQ's worker with the same errands as the stand-in, the same notes, and nothing between. `SLOTS`: how many at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { BARE_QUEUE } from './ways';

const TELL_EVERY_MS = 50;
const now = (): number => performance.timeOrigin + performance.now();

const redis = new Redis(process.env['REDIS_URL']!, { maxRetriesPerRequest: null });
let [counted, told] = [0, -1];

new Worker<{ tenantId: string; name: string; ms?: number }>(
  BARE_QUEUE,
  async ({ data: { tenantId, name, ms = 0 } }) => {
    const isCounted = name.startsWith('-');
    if (!isCounted) await redis.rpush('test:began', `${tenantId} ${name} ${now()}`);
    if (ms > 0) await sleep(ms);
    if (isCounted) counted += 1;
  },
  { connection: redis.duplicate() as never, concurrency: Number(process.env['SLOTS']) },
);

setInterval(() => {
  if (counted !== told) process.send?.({ counted, at: now() });
  told = counted;
}, TELL_EVERY_MS);

process.once('SIGTERM', () => process.exit(0));

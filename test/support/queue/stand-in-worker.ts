/**
 * A worker whose jobs are errands, as a process of its own: `REDIS_URL`. Writes into Redis when each began and was done
 * (`test:began` and `test:ended`: lists of `<tenant> <errand> <ms since 1970>`); those whose names begin with `-` it only counts.
 * Sends its parent that count whenever it has grown.
 */
import { Redis } from 'ioredis';
import { openQueues, type Errand } from './queue-app';

const TELL_EVERY_MS = 50;

async function main(): Promise<void> {
  const url = process.env['REDIS_URL']!;
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  let [counted, told] = [0, -1];
  const isCounted = ({ name }: Errand) => name.startsWith('-');
  const app = await openQueues(url, {
    began: (errand, tenant) =>
      isCounted(errand) ? undefined : redis.rpush('test:began', `${tenant} ${errand.name} ${now()}`),
    ended: (errand, tenant) =>
      isCounted(errand) ? (counted += 1) : redis.rpush('test:ended', `${tenant} ${errand.name} ${now()}`),
  });
  setInterval(() => {
    if (counted !== told) process.send?.({ counted, at: now() });
    told = counted;
  }, TELL_EVERY_MS);
  process.once('SIGTERM', () => void app.close().finally(() => process.exit(0)));
}

/** To a part of a ms, and comparable between the processes of one machine. */
const now = (): number => performance.timeOrigin + performance.now();

void main();

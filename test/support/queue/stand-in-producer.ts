/** Adds errands of a tenant until it is killed: `REDIS_URL`, and the tenant as argument. Writes into Redis what was taken (`test:added`). */
import { Redis } from 'ioredis';
import { refreshReferences } from '#caas/contracts';
import { parseTenantId } from '#caas/kernel';
import { Queues } from '#caas/platform/queue';
import { errandId, openQueues } from './queue-app';

const AT_ONCE = 20;

async function main(tenant: string): Promise<void> {
  const url = process.env['REDIS_URL']!;
  const redis = new Redis(url);
  const queues = (await openQueues(url)).get(Queues);
  const tenantId = parseTenantId(tenant);
  for (let round = 0; ; round += 1) {
    const names = Array.from({ length: AT_ONCE }, (_, n) => `p${round * AT_ONCE + n}`);
    const all = names.map(async (name) => {
      await queues.add(
        refreshReferences,
        { user_id: '0'.repeat(24) },
        { tenantId, requestId: errandId({ name, ms: 1 }) },
      );
      await redis.rpush('test:added', name);
    });
    await Promise.all(all);
  }
}

void main(process.argv[2]!);

import type { INestApplicationContext } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { processFile, refreshReferences, type QueueName } from '#caas/contracts';
import { newTenantId, type TenantId } from '#caas/kernel';
import { Queues } from '#caas/platform/queue';
import { mapConcurrent } from '#caas/testing';
import { errandId, hasRedis, openQueues, type Errand } from './queue-app';

const ADDED_AT_ONCE = 100;
const NOBODY = '0'.repeat(24);

export interface Noted {
  tenantId: string;
  name: string;
  at: number;
}

/** Adds errands and reads what workers noted of them. */
export class Errands {
  private constructor(
    private readonly app: INestApplicationContext,
    private readonly redis: Redis,
  ) {}

  static async open(redisUrl: string): Promise<Errands> {
    const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    return new Errands(await openQueues(redisUrl), redis);
  }

  /** Resolves when it can add again, after Redis was away. */
  connected(): Promise<void> {
    return hasRedis(this.app);
  }

  newTenant(): TenantId {
    return newTenantId();
  }

  /** Short work by itself. */
  addShort(tenantId: TenantId, errand: Errand): Promise<void> {
    const meta = { tenantId, requestId: errandId(errand) };
    return this.app.get(Queues).add(refreshReferences, { user_id: NOBODY }, meta);
  }

  /** Short work by the hundred: so many at once that no slow machine keeps one waiting until its command times out. */
  async addAllShort(tenantId: TenantId, all: Errand[]): Promise<void> {
    await mapConcurrent(ADDED_AT_ONCE, all, (errand) => this.addShort(tenantId, errand));
  }

  /** In the queue where work takes long. */
  addLong(tenantId: TenantId, errand: Errand): Promise<void> {
    const meta = { tenantId, requestId: errandId(errand) };
    return this.app.get(Queues).add(processFile, { file_id: NOBODY }, meta);
  }

  queue(name: QueueName): Queue {
    return this.app.get(Queues).queue(name);
  }

  began = (): Promise<Noted[]> => this.noted('test:began');
  ended = (): Promise<Noted[]> => this.noted('test:ended');

  /** Names that a producer had taken from it. */
  added(): Promise<string[]> {
    return this.redis.lrange('test:added', 0, -1);
  }

  /** Keys of the accounts of who stands in front of the workers. */
  async accounts(): Promise<string[]> {
    return (await this.redis.keys('caas:jobs:*')).filter((key) => key !== 'caas:jobs:workers');
  }

  /** As if nothing had been noted. */
  async forget(): Promise<void> {
    await this.redis.del('test:began', 'test:ended', 'test:added', 'test:attempts');
  }

  async close(): Promise<void> {
    this.redis.disconnect();
    await this.app.close();
  }

  private async noted(key: string): Promise<Noted[]> {
    const lines = await this.redis.lrange(key, 0, -1);
    return lines.map((line) => {
      const [tenantId, name, at] = line.split(' ');
      return { tenantId: tenantId!, name: name!, at: Number(at) };
    });
  }
}

import { Injectable } from '@nestjs/common';
import type { QueueName } from '#caas/contracts';
import { isTenantId, type TenantId } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';
import { BEAT, ENTER, LEAVE, LOOK_AFTER, RESUME, START } from './scripts';
import { CONCURRENCY } from './concurrency';

const ROOT = 'caas:jobs';
const WORKERS = `${ROOT}:workers`;

/** One job of a tenant in a queue. */
export interface Ticket {
  queue: QueueName;
  tenantId: TenantId;
  id: string;
  /** In ms: a tenant's parked jobs are admitted in this order. */
  createdAt: number;
}

export type Line = Pick<Ticket, 'queue' | 'tenantId'>;

/**
 * Decides which jobs of each tenant the workers may take: as many as the tenant has slots. The others are parked, as jobs with a
 * long delay in BullMQ; when a job leaves, the next one is admitted. This class decides and counts; `Queues` moves the jobs.
 */
@Injectable()
export class Admission {
  constructor(private readonly redis: RedisConnections) {}

  /** @returns true when a job that is about to be added is admitted; false when it is parked */
  async enter(ticket: Ticket): Promise<boolean> {
    return (await this.run(ENTER, ticket, ticket.id, ticket.createdAt)) === 1;
  }

  /**
   * @returns true when a job that a worker has taken is admitted, false when it is parked. Such a job came by a retry, a delay or
   *   an operator.
   */
  async start(ticket: Ticket): Promise<boolean> {
    return (await this.run(START, ticket, ticket.id, ticket.createdAt)) === 1;
  }

  /**
   * @returns true when a parked job that is now delayed in BullMQ was admitted in the meantime, or is admitted now after it was
   *   passed over
   */
  async resume(ticket: Ticket): Promise<boolean> {
    return (await this.run(RESUME, ticket, ticket.id, ticket.createdAt)) === 1;
  }

  /** @returns the ids of parked jobs that are admitted now */
  async leave(ticket: Omit<Ticket, 'createdAt'>): Promise<string[]> {
    return (await this.run(LEAVE, ticket, ticket.id)) as string[];
  }

  /** @returns `next`: parked jobs that are admitted now; `old`: jobs that were admitted more than `ageMs` ago and have not left */
  async lookAfter(line: Line, ageMs: number): Promise<{ next: string[]; old: string[] }> {
    const [next, old] = (await this.run(LOOK_AFTER, line, ageMs)) as [string[], string[]];
    return { next, old };
  }

  /** Whether the tenant has more jobs in this queue than slots. */
  async isBehind(line: Line): Promise<boolean> {
    return (await this.redis.commands.exists(keysOf(line).parked)) === 1;
  }

  /** Tenants with jobs in the queue. */
  async tenants(queue: QueueName): Promise<TenantId[]> {
    return (await this.redis.commands.smembers(`${ROOT}:${queue}:tenants`)).filter(isTenantId);
  }

  /** Registers a worker as alive for this long from now on. */
  async beat(worker: string, forMs: number): Promise<void> {
    await this.redis.commands.eval(BEAT, 1, WORKERS, worker, forMs);
  }

  async end(worker: string): Promise<void> {
    await this.redis.commands.zrem(WORKERS, worker);
  }

  private run(script: string, line: Line, ...more: (string | number)[]): Promise<unknown> {
    const { admitted, parked, tenants, backlogged } = keysOf(line);
    const keys = [admitted, parked, tenants, backlogged, WORKERS];
    const { tenant: slots } = CONCURRENCY[line.queue];
    const common = [line.tenantId, slots, `bull:${line.queue}:`];
    return this.redis.commands.eval(script, keys.length, ...keys, ...common, ...more);
  }
}

function keysOf({ queue, tenantId }: Line) {
  return {
    admitted: `${ROOT}:${queue}:admitted:${tenantId}`,
    parked: `${ROOT}:${queue}:parked:${tenantId}`,
    tenants: `${ROOT}:${queue}:tenants`,
    backlogged: `${ROOT}:${queue}:backlogged`,
  };
}

import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { JOBS, type QueueName } from '#caas/contracts';
import { Log } from '#caas/platform/logging';
import { Queues } from '../queues';
import { Admission, type Line } from './admission';

const BEAT_EVERY_MS = 5_000;
const DEAD_AFTER_MS = 15_000;
/** A live process takes less than this between two steps. */
const LEFT_OVER_AFTER_MS = 10_000;

const QUEUES_OF_TENANTS: ReadonlySet<QueueName> = new Set(
  JOBS.filter(({ kind }) => kind === 'tenant').map(({ queue }) => queue),
);

/** Runs in each worker: registers the worker as alive, and repairs counts in `Admission` that killed processes left behind. */
@Injectable()
export class AdmissionJanitor implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly id = randomUUID();
  private timer: NodeJS.Timeout | undefined;
  private isMending = false;

  constructor(
    private readonly admission: Admission,
    private readonly queues: Queues,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    void this.tick();
    this.timer = setInterval(() => void this.tick(), BEAT_EVERY_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.admission.end(this.id).catch(() => undefined);
  }

  private async tick(): Promise<void> {
    try {
      await this.admission.beat(this.id, DEAD_AFTER_MS);
      await this.mendAll();
    } catch (error) {
      this.log.root.debug({ reason: (error as Error).message }, 'jobs not looked after; tried again soon');
    }
  }

  private async mendAll(): Promise<void> {
    if (this.isMending) return;
    this.isMending = true;
    try {
      for (const queue of QUEUES_OF_TENANTS) {
        for (const tenantId of await this.admission.tenants(queue)) await this.mend({ queue, tenantId });
      }
    } finally {
      this.isMending = false;
    }
  }

  private async mend(line: Line): Promise<void> {
    const { next, old } = await this.admission.lookAfter(line, LEFT_OVER_AFTER_MS);
    await this.queues.promote(line.queue, next);
    for (const id of old) {
      const state = await this.queues.queue(line.queue).getJobState(id);
      if (state === 'delayed') await this.queues.promote(line.queue, [id]);
      else if (!AT_HAND.has(state)) {
        await this.queues.promote(line.queue, await this.admission.leave({ ...line, id }));
      }
    }
  }
}

const AT_HAND: ReadonlySet<string> = new Set(['waiting', 'prioritized', 'active']);

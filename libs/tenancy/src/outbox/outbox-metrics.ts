import { Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '#caas/platform/metrics';
import { DirtyTenants } from './dirty-tenants';

/** Metrics of the outboxes of all tenants, as far as the marks in Redis show, and of the jobs that the sweeper queued again. */
@Injectable()
export class OutboxMetrics {
  private readonly requeued: Counter;

  constructor({ registry }: Metrics, dirty: DirtyTenants) {
    const registers = [registry];
    const backlog = new Gauge({
      name: 'caas_outbox_tenants',
      help: 'Tenants with something in their outbox',
      registers,
      async collect() {
        const seen = await dirty.backlog().catch(() => null);
        if (!seen) return;
        backlog.set(seen.tenants);
        oldest.set(seen.oldestMs === null ? 0 : Math.max(0, Date.now() - seen.oldestMs) / 1000);
      },
    });
    const oldest = new Gauge({
      name: 'caas_outbox_oldest_seconds',
      help: 'How long ago the first of those tenants was marked; 0 when there is none',
      registers,
    });
    this.requeued = new Counter({
      name: 'caas_outbox_requeued_total',
      help: 'Rows that were not done in time and that the sweeper of this process put back into their queue',
      registers,
    });
  }

  swept(): void {
    this.requeued.inc();
  }
}

import { Injectable } from '@nestjs/common';
import { Log } from '#caas/platform/logging';
import type { Refusal } from './tenant-firewall';

type Listener = (refusal: Refusal) => void;

/** Where the firewall's refusals go: the log at once, and whoever keeps an audit trail. */
@Injectable()
export class RefusalLog {
  private readonly listeners = new Set<Listener>();

  constructor(private readonly log: Log) {}

  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  add(refusal: Refusal): void {
    this.log.root.error({ ...refusal, tenant_id: refusal.tenantId }, 'the tenant firewall refused a command');
    for (const listener of this.listeners) listener(refusal);
  }
}

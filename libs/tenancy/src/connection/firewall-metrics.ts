import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { Metrics } from '#caas/platform/metrics';
import { TenantConnections } from './tenant-connections';

/** The number of commands that the firewall has read and refused. A command that it did not read was not checked. */
@Injectable()
export class FirewallMetrics {
  constructor(metrics: Metrics, { firewall }: TenantConnections) {
    new Gauge({
      name: 'caas_tenant_firewall_commands',
      help: 'Commands to tenant data that the firewall read, by outcome',
      labelNames: ['outcome'],
      registers: [metrics.registry],
      collect() {
        this.set({ outcome: 'passed' }, firewall.counts.inspected - firewall.counts.refused);
        this.set({ outcome: 'refused' }, firewall.counts.refused);
      },
    });
  }
}

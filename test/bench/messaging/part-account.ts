import { loadavg } from 'node:os';
import { increase, sum, type Account } from '../support/account';
import { cpuByRole, machineCpuSeconds, type Roles } from '../support/cpu';
import { shownCpu } from './shown';
import type { Table } from './table';

/**
 * What a whole part used, setting up and warming up included, and what else the machine did meanwhile: a machine that others use tells
 * little by its figures.
 */
export class PartAccount {
  private readonly start = performance.now();
  private readonly before: Account;
  private readonly machineBefore = machineCpuSeconds();

  private constructor(
    private readonly table: Table,
    private readonly roles: Roles,
  ) {
    this.before = cpuByRole(roles);
  }

  /** @param servers by role; the bench's own process, with its clients, is added */
  static begin(table: Table, part: string, servers: Roles): PartAccount {
    const load = loadavg().map((each) => each.toFixed(2));
    table.heading(`Part ${part}; load average ${load.join(', ')}`);
    return new PartAccount(table, { ...servers, 'the bench and its clients': process.pid });
  }

  close(): void {
    const seconds = (performance.now() - this.start) / 1000;
    const used = increase(this.before, cpuByRole(this.roles));
    const others = Math.max(0, machineCpuSeconds() - this.machineBefore - sum(used));
    const shown = `${shownCpu(used)}; others on this machine ${others.toFixed(1)}`;
    this.table.note(`the whole part took ${seconds.toFixed(0)} s, and in CPU-s: ${shown}`);
  }
}

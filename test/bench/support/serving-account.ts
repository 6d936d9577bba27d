import { increase, sum, type Account } from './account';
import { cpuByRole, mainThreadCpuSeconds, type Roles } from './cpu';
import { cpuOfPostgres } from './postgres-cpu';

/** What the servers used while something was measured. */
export interface Served {
  /** Of all of them. */
  cpuSeconds: number;
  cpu: Account;
  /** Of `cpu.postgres`, by kind of process; nothing when there is no PostgreSQL of ours. */
  postgresCpu: Account;
  /** Of `cpu.api`, the thread that runs JavaScript. */
  mainThreadCpuSeconds: number;
  /** When, in microseconds of the clock that all processes of a machine share (CLOCK_MONOTONIC). */
  fromUs: number;
  toUs: number;
}

/** An account of the CPU time of some servers, from its making to `close`. */
export class ServingAccount {
  private readonly before: Snapshot;

  constructor(private readonly servers: Roles) {
    this.before = snapshot(servers);
  }

  close(): Served {
    const after = snapshot(this.servers);
    const cpu = increase(this.before.cpu, after.cpu);
    return {
      cpuSeconds: sum(cpu),
      cpu,
      postgresCpu: increase(this.before.postgres, after.postgres),
      mainThreadCpuSeconds: after.mainThread - this.before.mainThread,
      fromUs: this.before.atUs,
      toUs: after.atUs,
    };
  }
}

interface Snapshot {
  cpu: Account;
  postgres: Account;
  mainThread: number;
  atUs: number;
}

function snapshot(servers: Roles): Snapshot {
  const { api, postgres } = servers;
  return {
    cpu: cpuByRole(servers),
    postgres: postgres === undefined ? {} : cpuOfPostgres(postgres),
    mainThread: api === undefined ? 0 : mainThreadCpuSeconds(api),
    atUs: Number(process.hrtime.bigint() / 1_000n),
  };
}

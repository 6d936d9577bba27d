import { readdir, readFile } from 'node:fs/promises';
import type { Tier } from '#caas/kernel';
import { Caller } from '../clients/caller';
import type { SystemAccess } from '../session/system-access';
import { TenantSession } from '../session/tenant-session';

/** Where a system runs: what the runner hands to the suites of a lane. */
export interface SystemAddress {
  /** Of its apis. */
  urls: string[];
  platformKey: string;
  /** Where its processes keep files. */
  dataDir: string;
  /** Of its apis. */
  pids: number[];
}

/** A system under test, and the tenants that a suite has opened at it. */
export abstract class TestSystem implements SystemAccess {
  private readonly sessions: TenantSession[] = [];

  protected abstract readonly address: SystemAddress;

  get urls(): string[] {
    return this.address.urls;
  }

  get platformKey(): string {
    return this.address.platformKey;
  }

  /** Of its apis. */
  get pids(): number[] {
    return this.address.pids;
  }

  /** What the command line needs to see the same objects. */
  get dataDir(): string {
    return this.address.dataDir;
  }

  /** The operator, at the first api. */
  readonly platform = new Caller(
    () => this.address.urls[0]!,
    () => this.address.platformKey,
  );

  /** What an api tells Prometheus. */
  async metrics(api = 0): Promise<string> {
    const headers = { authorization: `Bearer ${this.platformKey}` };
    const answer = await fetch(`${this.urls[api]}/metrics`, { headers });
    if (answer.status !== 200) throw new Error(`/metrics: ${answer.status}`);
    return answer.text();
  }

  /** Nobody's: for what is open to all, and for what must not be. */
  caller(credential: string | null, headers?: Record<string, string>): Caller {
    return new Caller(() => this.address.urls[0]!, credential, headers);
  }

  /** A tenant now, for the rest of the suite. */
  tenant(tier: Tier, id?: string): Promise<TenantSession> {
    const session = new TenantSession(this, tier, id === undefined ? {} : { id });
    this.sessions.push(session);
    return session.open();
  }

  /** For a `describe` block: a tenant of its own with these users, there before the block's tests and gone after them. */
  session(tier: Tier, ...users: string[]): TenantSession {
    const session = new TenantSession(this, tier);
    // A system of the suite's own may stop before the block's end.
    this.sessions.push(session);
    beforeAll(async () => {
      await session.open();
      await session.users(...users);
    });
    afterAll(() => session.close());
    return session;
  }

  /** Bytes that an api holds in memory now. */
  async residentBytes(api: number): Promise<number> {
    const status = await readFile(`/proc/${this.address.pids[api]}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** Files that an api has open now, connections among them. */
  async openFiles(api: number): Promise<number> {
    return (await readdir(`/proc/${this.address.pids[api]}/fd`)).length;
  }

  /** Removes every tenant of the suite. */
  async closeSessions(): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.close()));
  }
}

class SharedSystem extends TestSystem {
  private known?: SystemAddress;

  protected get address(): SystemAddress {
    const handed = process.env['CAAS_TEST_SYSTEM'];
    if (!handed) throw new Error('No system runs: start the suite with `npm test -- <name>`, which starts one.');
    return (this.known ??= JSON.parse(handed) as SystemAddress);
  }
}

/** The system that runs for all suites of the lane: two apis and a worker. A suite has tenants of its own there. */
export function sharedSystem(): TestSystem {
  const system = new SharedSystem();
  afterAll(() => system.closeSessions());
  return system;
}

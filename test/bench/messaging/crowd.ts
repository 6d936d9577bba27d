import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ServingAccount, type Served } from '../support/serving-account';
import type { Roles } from '../support/cpu';
import type { Crowd, Order, Report, Talk, Talked } from './clients';

export type Measured = Talked & Served;

/** Clients in a process of their own, connected to one server. */
export class CrowdProcess {
  private readonly child: ChildProcess = fork(join(__dirname, 'clients.js'), [], {
    serialization: 'advanced',
  }).setMaxListeners(100);

  private constructor(private readonly servers: Roles) {}

  /**
   * @param servers the main processes that serve the crowd, engines included
   * @param idle for clients that stand for another machine and must not take this one's processors: they run while nothing
   *   else wants to (SCHED_IDLE)
   */
  static async seat(crowd: Crowd, servers: Roles, idle = false): Promise<CrowdProcess> {
    const process = new CrowdProcess(servers);
    if (idle) execFileSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.child.pid)]);
    await process.order({ seat: crowd });
    return process;
  }

  async talk(talk: Talk): Promise<Measured> {
    const account = new ServingAccount(this.servers);
    const talked = (await this.order({ talk }))!;
    return { ...talked, ...account.close() };
  }

  async close(): Promise<void> {
    await this.order({ close: true });
    const gone = once(this.child, 'exit');
    this.child.disconnect();
    await gone;
  }

  private async order(order: Order): Promise<Talked | undefined> {
    this.child.send(order);
    const [report] = (await Promise.race([
      once(this.child, 'message'),
      once(this.child, 'exit').then(([code]) => Promise.reject(new Error(`the clients ended with ${code}`))),
    ])) as [Report];
    if (!report.ok) throw new Error(report.error);
    return report.talked;
  }
}

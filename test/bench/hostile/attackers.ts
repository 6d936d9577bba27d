import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Sent, type Order } from './attacks/attack';

/** For the last answers, after which an attacker that does not end by itself is ended. */
const GRACE_MS = 20_000;

/** Attackers of one kind, each a process of its own. */
export class Attackers {
  private constructor(private readonly children: { process: ChildProcess; sent: Promise<Sent | null> }[]) {}

  static start(count: number, order: Order): Attackers {
    return new Attackers(
      Array.from({ length: count }, () => {
        const child = fork(join(__dirname, 'attacks/main.js'));
        const sent = Promise.race([once(child, 'message'), once(child, 'exit').then(() => [null])]);
        child.send(order);
        return { process: child, sent: sent.then(([message]) => message as Sent | null) };
      }),
    );
  }

  /** What all of them sent, once they are done. */
  async done(): Promise<Sent> {
    const total = new Sent();
    for (const { process: child, sent } of this.children) {
      const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      const of = await sent;
      clearTimeout(late);
      if (of) total.add(of);
    }
    return total;
  }
}

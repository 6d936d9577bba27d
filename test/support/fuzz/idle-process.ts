import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

/** Answers each line with how late its loop was at most since the last, in milliseconds. */
const SCRIPT = `
  const delay = require('node:perf_hooks').monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  process.stdin.on('data', () => { console.log(delay.max / 1e6); delay.reset(); });
`;

/** A process that does nothing: what it is late by is the machine's doing. */
export class IdleProcess {
  private readonly child: ChildProcess = spawn(process.execPath, ['-e', SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
  private readonly lines: Interface = createInterface(this.child.stdout!);

  /** The most it was late since it was asked before. */
  async maxDelayMs(): Promise<number> {
    const line = once(this.lines, 'line');
    this.child.stdin!.write('?\n');
    return Number(((await line) as [string])[0]);
  }

  end(): void {
    this.child.kill();
  }
}

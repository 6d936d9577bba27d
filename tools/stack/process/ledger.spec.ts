import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from './identity';
import { ProcessLedger, type LedgerEntry } from './ledger';

describe('ProcessLedger', () => {
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'caas-ledger-'))));
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const start = (command: string, ...args: string[]) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    const ended = new Promise<string | null>((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    const spoke = new Promise((resolve) => child.stdout.once('data', resolve));
    return { pid: child.pid as number, ended, spoke };
  };
  const leftBehind = (...entries: LedgerEntry[]) =>
    writeFileSync(join(folder, 'processes.json'), JSON.stringify(entries));

  it('ends what an earlier supervisor wrote down, with the signal each kind wants', async () => {
    const [api, postgres] = [start('sleep', '60'), start('sleep', '60')];
    const earlier = new ProcessLedger(folder);
    earlier.add('postgres', postgres.pid, 'SIGINT');
    earlier.add('api-0', api.pid, 'SIGTERM');

    // Youngest first: the apps before the engines they write to.
    await expect(new ProcessLedger(folder).endLeftovers()).resolves.toEqual(['api-0', 'postgres']);
    await expect(Promise.all([api.ended, postgres.ended])).resolves.toEqual(['SIGTERM', 'SIGINT']);
    await expect(new ProcessLedger(folder).endLeftovers()).resolves.toEqual([]);
  });

  it('insists when one does not listen', async () => {
    const deaf = start('sh', '-c', "trap '' TERM; echo deaf; while true; do sleep 0.1; done");
    await deaf.spoke;
    new ProcessLedger(folder).add('worker-0', deaf.pid, 'SIGTERM');
    await new ProcessLedger(folder).endLeftovers({}, 300);
    await expect(deaf.ended).resolves.toBe('SIGKILL');
    expect(identify(deaf.pid)).toBeUndefined();
  });

  it('leaves a stranger alone who was given the pid of one that is gone', async () => {
    const stranger = start('sleep', '60');
    leftBehind({ role: 'api-0', pid: stranger.pid, startedAt: 'an-earlier-boot:123', stopSignal: 'SIGTERM' });
    await expect(new ProcessLedger(folder).endLeftovers()).resolves.toEqual([]);
    expect(identify(stranger.pid)).toBeDefined();
  });

  it('forgets one that ended by itself', async () => {
    const { pid } = start('sleep', '60');
    const ledger = new ProcessLedger(folder);
    ledger.add('redis', pid, 'SIGTERM');
    ledger.remove(pid);
    await expect(new ProcessLedger(folder).endLeftovers()).resolves.toEqual([]);
    expect(identify(pid)).toBeDefined();
  });
});

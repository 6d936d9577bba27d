import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from './identity';
import { ProcessLedger } from './ledger';
import { ManagedProcess, type ProcessSpec } from './managed-process';
import { waitFor } from './wait';

describe('ManagedProcess', () => {
  let folder: string;
  let crashes: { role: string; reason: string; restartInMs: number }[];
  let abort: AbortController;
  let hurry: AbortController;
  let progress: (line: string) => void;
  const running: ManagedProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'caas-process-'));
    crashes = [];
    abort = new AbortController();
    hurry = new AbortController();
    progress = () => undefined;
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((child) => child.stop()));
    rmSync(folder, { recursive: true });
  });

  /** A node process that runs the script; it is ready once the script has made the file `ready`. */
  const managed = (script: string, more: Partial<ProcessSpec> = {}): ManagedProcess => {
    const supervision = {
      dataDir: folder,
      ledger: new ProcessLedger(folder),
      signal: abort.signal,
      hurry: hurry.signal,
      progress: (line: string) => progress(line),
      onStarted: () => undefined,
      onCrashed: (role: string, reason: string, restartInMs: number) => crashes.push({ role, reason, restartInMs }),
    };
    const child = new ManagedProcess(supervision, {
      role: 'thing',
      command: process.execPath,
      args: ['-e', script],
      env: { PATH: process.env['PATH'], READY: join(folder, 'ready') },
      ready: () => Promise.resolve(existsSync(join(folder, 'ready'))),
      readyTimeoutMs: 10_000,
      stopTimeoutMs: 300,
      ...more,
    });
    running.push(child);
    return child;
  };
  const WORKS = 'require("fs").writeFileSync(process.env.READY, ""); setInterval(() => {}, 1000);';

  it('is started again after a crash, later each time, under its new pid', async () => {
    const child = managed(WORKS);
    await child.start();
    const first = child.pid;
    await child.kill9();
    await waitFor('a second life', 5000, () => child.pid);
    await child.kill9();
    await waitFor('a third life', 5000, () => child.pid);
    expect(child.pid).not.toBe(first);
    expect(crashes).toEqual([
      { role: 'thing', reason: 'SIGKILL', restartInMs: 250 },
      { role: 'thing', reason: 'SIGKILL', restartInMs: 500 },
    ]);
  });

  it('stays down once stopped, also when stopped between two lives', async () => {
    const child = managed(WORKS);
    await child.start();
    await child.kill9();
    await child.stop();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(child.pid).toBeUndefined();
  });

  it('is killed when it does not heed the signal', async () => {
    const child = managed(`process.on("SIGTERM", () => {}); ${WORKS}`);
    await child.start();
    const pid = child.pid as number;
    await child.stop();
    expect(identify(pid)).toBeUndefined();
    expect(crashes).toEqual([]);
  });

  it('tells why when it ends before it is ready: with the end of its log', async () => {
    const child = managed('console.error("the reason"); process.exit(3)');
    await expect(child.start()).rejects.toThrow(/thing ended before it was ready\nthe reason\n\(whole log: /);
    expect(child.pid).toBeUndefined();
  });

  it('waits for one that may take its time, says so, and kills it when the reader insists', async () => {
    const told: string[] = [];
    const child = managed(`process.on("SIGTERM", () => {}); ${WORKS}`, {
      stopTimeoutMs: null,
      whileStopping: 'writes its data to disk',
    });
    progress = (line) => told.push(line);
    await child.start();
    const pid = child.pid as number;
    const stopped = child.stop();
    await waitFor('a word of it', 10_000, () => told.length > 0);
    expect(told[0]).toMatch(/^thing writes its data to disk: 3 s so far/);
    expect(identify(pid)).toBeDefined();
    hurry.abort();
    await stopped;
    expect(identify(pid)).toBeUndefined();
  });

  it('prepares before each start, and lets nobody else read what it writes', async () => {
    let prepared = 0;
    const child = managed(WORKS, { prepare: () => Promise.resolve(void (prepared += 1)) });
    await child.start();
    await child.kill9();
    await waitFor('a second life', 5000, () => child.pid);
    expect(prepared).toBe(2);
    const modes = ['ready', 'logs', 'logs/thing.log'].map((name) => statSync(join(folder, name)).mode & 0o077);
    expect(modes).toEqual([0, 0, 0]);
  });

  it('gives up starting when it is told to', async () => {
    const child = managed('setInterval(() => {}, 1000)');
    const start = child.start();
    await waitFor('the process', 5000, () => child.pid);
    abort.abort(new Error('enough'));
    await expect(start).rejects.toThrow('enough');
    expect(child.pid).toBeUndefined();
    await expect(managed(WORKS).start()).rejects.toThrow('enough');
  });
});

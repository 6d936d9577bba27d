import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endThoseWorkingIn } from './orphans';

describe('endThoseWorkingIn', () => {
  const folder = mkdtempSync(join(tmpdir(), 'caas-orphans-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('ends who works in the folder, also one that heeds no signal, and nobody else', async () => {
    const stubborn = spawn('sh', ['-c', 'trap "" TERM INT; echo on; while :; do sleep 0.1; done'], { cwd: folder });
    const elsewhere = spawn('sh', ['-c', 'echo on; exec sleep 60'], { cwd: tmpdir() });
    await Promise.all([once(stubborn.stdout, 'data'), once(elsewhere.stdout, 'data')]);
    const ended = once(stubborn, 'exit');
    await endThoseWorkingIn(folder);
    await expect(ended).resolves.toEqual([null, 'SIGKILL']);
    expect(elsewhere.exitCode).toBeNull();
    elsewhere.kill('SIGKILL');
  });

  it('has nothing to do where there is no folder', async () => {
    await expect(endThoseWorkingIn(join(folder, 'missing'))).resolves.toBeUndefined();
  });
});

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from './lock';

describe('lockFile', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'caas-lock-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is held by one at a time, and free again once released', async () => {
    const path = join(folder, 'lock');
    const first = await lockFile(path, 0);
    await expect(lockFile(path, 0)).resolves.toBeUndefined();
    await first?.release();
    const second = await lockFile(path, 0);
    expect(second).toBeDefined();
    await second?.release();
  });

  it('waits for the one before', async () => {
    const path = join(folder, 'lock');
    const first = await lockFile(path, 0);
    const second = lockFile(path, 5000);
    await first?.release();
    await expect(second).resolves.toBeDefined();
    await (await second)?.release();
  });

  it('is free again when its holder was killed with -9', async () => {
    const path = join(folder, 'lock');
    // A holder as lockFile makes it: the helper lives on its parent's end of a pipe.
    const script = `const c = require('child_process').spawn('flock', ['--exclusive', ${JSON.stringify(path)}, 'sh', '-c', 'echo held; exec cat'], { detached: true });
      c.stdout.once('data', () => console.log('held'));`;
    const holder = spawn(process.execPath, ['-e', script]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    await expect(lockFile(path, 0)).resolves.toBeUndefined();
    holder.kill('SIGKILL');
    const next = await lockFile(path, 5000);
    expect(next).toBeDefined();
    await next?.release();
  });
});

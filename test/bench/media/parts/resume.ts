import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, waitFor } from '../../../../tools/stack';
import { builtEntry } from '../../../../tools/stack/repository';
import { sha256, uploadBytes, Wire } from '../../../support/tus';
import type { Bench } from '../bench';
import { newUploader } from '../tenant';

const MB = 2 ** 20;
const BYTES = 200 * MB;
/** After how many bytes the connection is cut, or the process killed with -9 and started again. */
const TROUBLE: [atMb: number, what: 'cut' | 'kill'][] = [
  [20, 'cut'],
  [45, 'cut'],
  [70, 'kill'],
  [95, 'cut'],
  [120, 'cut'],
  [145, 'kill'],
  [170, 'cut'],
];

/** 200 MB by tus-js-client with five cuts and two kills; and what the api needs of memory meanwhile. */
export async function resumeUpload(bench: Bench): Promise<void> {
  bench.table.heading('An upload of 200 MB with five cuts, and two kills -9 of the api');
  const port = await freePort();
  let api = await startApi(bench, port);
  const wire = await Wire.to(`http://127.0.0.1:${port}`);
  const memory = new Memory();
  try {
    const credentials = await newUploader(`http://127.0.0.1:${port}`, bench);
    memory.watch(api.pid!);
    const bytes = randomBytes(BYTES);
    const trouble = [...TROUBLE];
    let restarted = Promise.resolve();
    const id = await uploadBytes(
      { credentials: () => Promise.resolve(credentials) },
      `${wire.url}/v1/files/uploads`,
      bytes,
      (sent) => {
        if (trouble.length === 0 || sent < trouble[0]![0] * MB) return;
        const [, what] = trouble.shift()!;
        if (what === 'cut') return wire.cut();
        restarted = (async () => {
          memory.rest();
          api.kill('SIGKILL');
          await once(api, 'exit');
          api = await startApi(bench, port);
          memory.watch(api.pid!);
        })();
      },
    );
    await restarted;
    memory.rest();
    if (trouble.length > 0) throw new Error(`${trouble.length} troubles did not come about`);
    const stored = await hashOfObject(join(bench.env.DATA_DIR, 'storage/objects/media'), id);
    bench.table.add({
      what: 'SHA-256 of what is stored is that of what was sent',
      figure: +(stored === sha256(bytes)),
      goal: 1,
    });
    bench.table.add({ what: 'the api above idle, MB', figure: memory.mostAboveIdle / MB, goal: 150, atMost: true });
  } finally {
    memory.rest();
    wire.close();
    api.kill('SIGTERM');
  }
}

async function startApi({ env }: Bench, port: number): Promise<ChildProcess> {
  const api = spawn(process.execPath, [builtEntry('api')], {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await waitFor('the api to answer', 60_000, () =>
    fetch(`http://127.0.0.1:${port}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return api;
}

/** The most that a process, and its successors, took above what each took when it had nothing to do. */
class Memory {
  mostAboveIdle = 0;
  private watching: NodeJS.Timeout | undefined;

  watch(pid: number): void {
    let idle: number | undefined;
    this.watching = setInterval(() => {
      void residentBytes(pid).then((bytes) => {
        idle ??= bytes;
        this.mostAboveIdle = Math.max(this.mostAboveIdle, bytes - idle);
      });
    }, 50);
  }

  rest(): void {
    clearInterval(this.watching);
  }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

async function hashOfObject(folder: string, id: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const name = names.find((each) => each.endsWith(`${id}/upload`));
  if (!name) throw new Error('There is no such object.');
  const hash = createHash('sha256');
  for await (const part of createReadStream(join(folder, name))) hash.update(part as Buffer);
  return hash.digest('hex');
}

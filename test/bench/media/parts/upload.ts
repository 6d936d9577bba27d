import { randomBytes } from 'node:crypto';
import { startServer, type Server } from '../../support/servers';
import { median } from '../../support/statistics';
import { chunk, creation } from '../../../support/tus';
import type { Bench } from '../bench';
import { newUploader } from '../tenant';

const MB = 2 ** 20;
const BYTES = 64 * MB;
const AT_ONCE = 4;
const REPETITIONS = 5;

/** Uploads of 64 MB, four at once, each in one PATCH: through the api, and through a bare tus server. */
export async function uploadThroughput(bench: Bench): Promise<void> {
  bench.table.heading('Uploads: 4 of 64 MB at once, through the api and through a bare tus server');
  const api = await startServer('apps/api/src/main.js', bench.env);
  const bare = await startServer('test/bench/media/bare-tus.js', { DATA_DIR: bench.env.DATA_DIR });
  try {
    const headers = await newUploader(api.url, bench);
    const bytes = randomBytes(BYTES);
    const speeds = { api: [] as number[], bare: [] as number[] };
    for (let repetition = 0; repetition <= REPETITIONS; repetition += 1) {
      const measured = { api: await speedOf(api, headers, bytes), bare: await speedOf(bare, {}, bytes) };
      // The first time warms both up.
      if (repetition === 0) continue;
      speeds.api.push(measured.api);
      speeds.bare.push(measured.bare);
    }
    bench.table.note(`api ${median(speeds.api).toFixed(0)} MB/s, bare ${median(speeds.bare).toFixed(0)} MB/s`);
    bench.table.add({ what: 'api / bare tus server', figure: median(speeds.api) / median(speeds.bare), goal: 0.5 });
  } finally {
    await Promise.all([api.stop(), bare.stop()]);
  }
}

/** MB per second over all of them. */
async function speedOf({ url }: Server, headers: Record<string, string>, bytes: Buffer): Promise<number> {
  const start = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, () => uploadOnce(url, headers, bytes)));
  return (AT_ONCE * bytes.length) / MB / ((performance.now() - start) / 1000);
}

async function uploadOnce(url: string, headers: Record<string, string>, bytes: Buffer): Promise<void> {
  const created = await fetch(`${url}/v1/files/uploads`, {
    method: 'POST',
    headers: { ...headers, ...creation(bytes.length) },
  });
  const location = created.headers.get('location');
  if (!location) throw new Error(`${created.status} ${await created.text()}`);
  const sent = await fetch(new URL(location, url), {
    method: 'PATCH',
    headers: { ...headers, ...chunk(0) },
    body: bytes as never,
  });
  if (sent.status !== 204) throw new Error(`${sent.status} ${await sent.text()}`);
}

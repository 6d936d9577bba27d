import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What ffprobe says of it. */
export async function probed(bytes: Buffer): Promise<{ streams: Record<string, unknown>[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'caas-probe-'));
  try {
    const path = join(folder, 'sample');
    await writeFile(path, bytes);
    const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', path]);
    return JSON.parse(stdout) as { streams: Record<string, unknown>[] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Configuration } from '../configuration';
import { ok, unknown, warning, wrong, type Finding } from '../finding';

const GB = 2 ** 30;
const TOO_LITTLE_BYTES = GB;
const LITTLE_BYTES = 5 * GB;

export async function examineDisk({ dataDir }: Configuration): Promise<Finding[]> {
  const space = await statfsOf(dataDir);
  if (!space) return [unknown('disk', `the file system of ${dataDir} says nothing`)];
  const free = Number(space.bavail) * Number(space.bsize);
  const all = Number(space.blocks) * Number(space.bsize);
  const text = `${(free / GB).toFixed(1)} of ${(all / GB).toFixed(1)} GB are free below ${dataDir}`;
  const remedy = 'Make room or give DATA_DIR a larger disk: a database that cannot write stops.';
  if (free < TOO_LITTLE_BYTES) return [wrong('disk', text, remedy)];
  return [free < LITTLE_BYTES ? warning('disk', text, remedy) : ok('disk', text)];
}

/** Of the folder, or of the one that it will be made in. */
async function statfsOf(folder: string): Promise<Awaited<ReturnType<typeof statfs>> | null> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return await statfs(at);
    } catch {
      if (dirname(at) === at) return null;
    }
  }
}

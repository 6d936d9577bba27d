import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { openStorage } from '#caas/platform/storage';
import type { Configuration } from '../configuration';
import { inTime, ok, unknown, wrong, type Finding } from '../finding';

/** Writes a probe object, reads it back and takes it away; in a folder that is not there yet it writes nothing. */
export async function examineStorage({ storage, dataDir }: Configuration): Promise<Finding[]> {
  if (!storage) return [unknown('storage', 'its part of the configuration has a problem')];
  const isFolder = storage.STORAGE_DRIVER === 'fs';
  const where = isFolder ? join(dataDir, 'storage') : `bucket ${storage.S3_BUCKET}`;
  if (isFolder && !(await stat(join(where, 'objects')).catch(() => null))) {
    return [ok('storage', `nothing was stored in ${where} yet`)];
  }
  const objects = openStorage(storage, { DATA_DIR: dataDir });
  const key = `doctor/${randomUUID()}`;
  const content = Buffer.from(key);
  const startedAt = performance.now();
  try {
    await inTime(objects.put(key, content));
    const found = await inTime(objects.get(key));
    if (!found || !(await inTime(buffer(found.body))).equals(content)) throw new Error('it reads back something else');
    const tookMs = Math.round(performance.now() - startedAt);
    return [ok('storage', `${where}: a probe was written and read in ${tookMs} ms`)];
  } catch (error) {
    const remedy = isFolder
      ? 'Look at the permissions of the folder and at the room on its disk.'
      : 'Look at S3_ENDPOINT, S3_BUCKET and the credentials; the bucket must exist.';
    return [wrong('storage', `${where}: ${(error as Error).message}`, remedy)];
  } finally {
    await inTime(objects.delete(key)).catch(() => undefined);
  }
}

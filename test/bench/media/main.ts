/**
 * `npm run bench:media [-- part …]`: files and posts, measured beside the least that could do the same, in one run on the same
 * machine. Parts: upload, resume, thumbnails, transcode, feed. Exits with 1 when a goal is missed.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Table } from '../messaging/table';
import { benchEngines } from '../support/engines';
import type { Bench } from './bench';
import { PARTS } from './parts';

async function main(wanted: string[]): Promise<boolean> {
  const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0)
    throw new Error(`No such part: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}`);
  const engines = await benchEngines();
  const dataDir = await mkdtemp(join(tmpdir(), 'caas-bench-media-'));
  const platformKey = randomBytes(24).toString('base64url');
  const env = {
    NODE_ENV: 'production',
    DATA_DIR: dataDir,
    MONGODB_URI: engines.mongodbUri,
    REDIS_URL: engines.redisUrl,
    PLATFORM_ADMIN_KEY: platformKey,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    RATE_LIMITS_FACTOR: '1000',
  };
  const table = new Table();
  const bench: Bench = { engines, table, platformKey, env };
  try {
    for (const [name, part] of Object.entries(PARTS)) {
      if (wanted.length === 0 || wanted.includes(name)) await part(bench);
    }
    return table.allMet;
  } finally {
    await engines.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2)).then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

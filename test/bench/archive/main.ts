/**
 * `npm run bench:archive [-- --messages N] [-- part …]`: moving a million old messages to cold storage and reading them there, beside the
 * least that could do the same, in one run on the same machine and engine. Parts
 * that follow the moving: reading, beside. Exits with 1 when a goal is missed.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { Table } from '../messaging/table';
import { benchEngines } from '../support/engines';
import { startServer } from '../support/servers';
import type { Bench } from './bench';
import { measure } from './measure';

const MILLION = 1_000_000;

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    options: { messages: { type: 'string', default: String(MILLION) } },
    allowPositionals: true,
  });
  const engines = await benchEngines();
  const dataDir = await mkdtemp(join(tmpdir(), 'caas-bench-archive-'));
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
  const api = await startServer('apps/api/src/main.js', env);
  const database = await new MongoClient(engines.mongodbUri).connect();
  const table = new Table();
  try {
    const bench: Bench = { engines, database, api, env, platformKey, table };
    await measure(bench, Number(values.messages), positionals);
    return table.allMet;
  } finally {
    await database.close();
    await api.stop();
    await engines.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

void main().then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

/**
 * `npm run bench:messaging [-- part …]`: rooms, 1:1 chat, pages and neighbours, measured beside the least that could do the same,
 * in one run on the same machine and engine. Clients are a process of their own; every figure is a median of three repetitions
 * taken in turn. Parts: room, steady, one, thousand, direct, long, inbox, flood. Exits with 1 when a goal is missed.
 */
import { randomBytes } from 'node:crypto';
import { benchEngines } from '../support/engines';
import { startServer } from '../support/servers';
import { PARTS } from './parts';
import { Table } from './table';
import type { Bench } from './bench';

async function main(wanted: string[]): Promise<boolean> {
  const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0)
    throw new Error(`No such part: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}`);
  const engines = await benchEngines();
  const platformKey = randomBytes(24).toString('base64url');
  const env = {
    NODE_ENV: 'production',
    MONGODB_URI: engines.mongodbUri,
    REDIS_URL: engines.redisUrl,
    PLATFORM_ADMIN_KEY: platformKey,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    // One sender alone is measured too, as fast as it can.
    SOCKET_MESSAGES_PER_SECOND: '10000',
    RATE_LIMITS_FACTOR: '1000',
  };
  const api = await startServer('apps/api/src/main.js', env);
  const bare = await startServer('test/bench/messaging/bare-socket-io.js', {});
  try {
    const table = new Table();
    const bench: Bench = { engines, platformKey, api, bare, table, env };
    for (const [name, part] of Object.entries(PARTS)) {
      if (wanted.length === 0 || wanted.includes(name)) await part(bench);
    }
    return table.allMet;
  } finally {
    await Promise.all([api.stop(), bare.stop()]);
    await engines.stop();
  }
}

void main(process.argv.slice(2)).then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

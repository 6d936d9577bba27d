/**
 * `npm run bench:messaging [-- part …] [--peer FILE] [--profile]`: rooms, 1:1 chat, pages and neighbours, measured beside the least that
 * could do the same, in one run on the same machine and engine. Clients are a process of their own; every figure is a median of three
 * repetitions taken in turn. Parts: room, steady, one, thousand, pairs, direct, long, inbox, lag, flood. Exits with 1 when a goal is missed.
 *
 * `--peer FILE` compares with another server for chat, by what its measurement printed (see peer.ts). Without, those rows have no goal.
 * `--profile` shows where the api's CPU time goes, of `direct` unless parts are named. A profiler slows what it looks at: rates count
 * without it.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { benchEngines } from '../support/engines';
import { startServer } from '../support/servers';
import { PARTS } from './parts';
import { PartAccount } from './part-account';
import { readPeerOutput } from './peer';
import { ProfiledApi } from './profiled-api';
import { Table } from './table';
import type { Bench } from './bench';

interface Options {
  parts: string[];
  peer?: string | undefined;
  profile: boolean;
}

/** @throws Error for what is no option and no part */
function optionsOf(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { peer: { type: 'string' }, profile: { type: 'boolean', default: false } },
  });
  const unknown = positionals.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0)
    throw new Error(`No such part: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}`);
  const all = values.profile ? ['direct'] : Object.keys(PARTS);
  return { ...values, parts: positionals.length > 0 ? positionals : all };
}

/** @returns whether every goal was met that counts: under a profiler none does */
async function main({ parts, peer, profile }: Options): Promise<boolean> {
  const peerOutput = peer === undefined ? {} : readPeerOutput(peer);
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
  const profiled = profile ? await ProfiledApi.start(env) : null;
  const api = profiled?.server ?? (await startServer('apps/api/src/main.js', env));
  const bare = await startServer('test/bench/messaging/bare-socket-io.js', {});
  const table = new Table();
  try {
    const bench: Bench = { engines, platformKey, api, bare, table, env, peer: peerOutput, talks: [] };
    for (const [name, part] of Object.entries(PARTS)) {
      if (!parts.includes(name)) continue;
      const account = PartAccount.begin(table, name, { api: api.pid, ...engines.roles, bare: bare.pid });
      await part(bench);
      account.close();
    }
    if (profiled) await profiled.report(table, bench.talks);
  } finally {
    await Promise.all([api.stop(), bare.stop()]);
    await profiled?.remove();
    await engines.stop();
  }
  return profile || table.allMet;
}

void main(optionsOf(process.argv.slice(2))).then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

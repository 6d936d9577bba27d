/**
 * `npm run bench:keys`: claims of key bundles over HTTP beside the least that could hand out one key once, a bare `findOneAndDelete` of
 * the oldest by the driver, in one run on the same machine and engine. Both by 32 callers at once: all after the keys of one device, and
 * each after another's. A claim takes two keys (one of curve25519, one of Kyber), checks who asks, and counts what is left.
 */
import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { systemAt, TenantSession } from '#caas/testing';
import { SignalDevice, type Upload } from '../../support/signal-device';
import { benchEngines } from '../support/engines';
import { startServer, type Server } from '../support/servers';
import { median } from '../support/statistics';

const CALLERS = 32;
const DEVICES = 16;
const BATCH = 100;
const REPETITIONS = 3;

async function main(): Promise<void> {
  const engines = await benchEngines();
  const platformKey = randomBytes(24).toString('base64url');
  const api = await startServer('apps/api/src/main.js', {
    NODE_ENV: 'production',
    MONGODB_URI: engines.mongodbUri,
    REDIS_URL: engines.redisUrl,
    PLATFORM_ADMIN_KEY: platformKey,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    RATE_LIMITS_FACTOR: '1000',
  });
  const client = await new MongoClient(engines.mongodbUri).connect();
  try {
    const owners = await prepare(api, platformKey);
    const floor = client.db('bench_floor').collection('prekeys');
    await floor.drop().catch(() => undefined);
    await floor.createIndex({ owner: 1, seq: 1 });
    for (const [name, count] of [
      ['one device', 1],
      ['sixteen devices', DEVICES],
    ] as const) {
      const rates: Record<'bare' | 'claims', number[]> = { bare: [], claims: [] };
      for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
        const some = owners.users.slice(0, count);
        await floor.insertMany(some.flatMap((owner) => rowsOf(owner)));
        rates.bare.push(
          await perSecond(count * BATCH, async (at) => {
            const row = await floor.findOneAndDelete({ owner: some[at % count]! }, { sort: { seq: 1 } });
            return row ? String(row._id) : null;
          }),
        );
        for (const owner of some) await owners.fill(owner);
        rates.claims.push(await perSecond(count * BATCH, (at) => owners.claim(some[at % count]!, at)));
      }
      const [bare, claims] = [median(rates.bare), median(rates.claims)];
      console.log(
        `${name}: ${Math.round(claims)} claims/s, ${Math.round(bare)} bare findOneAndDelete/s (${(claims / bare).toFixed(2)})`,
      );
    }
  } finally {
    await client.close();
    await api.stop();
    await engines.stop();
  }
}

/** @throws Error when a key was handed out twice */
async function perSecond(count: number, take: (at: number) => Promise<string | null>): Promise<number> {
  const taken: (string | null)[] = [];
  let next = 0;
  const start = performance.now();
  const caller = async () => {
    while (next < count) taken.push(await take(next++));
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const seconds = (performance.now() - start) / 1000;
  const keys = taken.filter((each) => each !== null);
  if (new Set(keys).size !== keys.length) throw new Error('A key was handed out twice.');
  return keys.length / seconds;
}

const rowsOf = (owner: string) =>
  Array.from({ length: BATCH }, (_, seq) => ({ owner, seq, public_key: randomBytes(1176).toString('base64') }));

async function prepare({ url }: Server, platformKey: string) {
  const tenant = await new TenantSession(systemAt([url], platformKey), 'free', { name: 'Bench' }).open();
  await tenant.server().expectBody('PATCH', '/v1/settings', { encryption: { claims_per_hour: 10_000 } });
  for (let at = 0; at < CALLERS; at += 1) await tenant.putUser(`caller-${at}`);
  const devices = new Map<string, { device: SignalDevice; uploaded: number }>();
  const upload = (name: string, keys: Upload) =>
    tenant.acting(name).expectBody('PUT', '/v1/users/me/devices/1/keys', keys);
  for (let at = 0; at < DEVICES; at += 1) {
    const name = `owner-${at}`;
    await tenant.putUser(name);
    await tenant.acting(name).expectBody('PUT', '/v1/users/me/devices/1', { platform: 'ios' });
    const device = new SignalDevice(name);
    devices.set(name, { device, uploaded: 1 });
    await upload(name, device.upload(0));
  }
  return {
    users: [...devices.keys()],
    fill: async (name: string) => {
      const owner = devices.get(name)!;
      const keys = owner.device.oneTime(BATCH, owner.uploaded);
      owner.uploaded += BATCH;
      await upload(name, keys);
    },
    claim: async (name: string, at: number): Promise<string | null> => {
      const caller = tenant.acting(`caller-${at % CALLERS}`);
      const bundles = await caller.expectBody<Bundles>('POST', `/v1/users/${name}/key-bundles`);
      return bundles.data[0]!.one_time_prekey?.public_key ?? null;
    },
  };
}

interface Bundles {
  data: { one_time_prekey: { public_key: string } | null }[];
}

void main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

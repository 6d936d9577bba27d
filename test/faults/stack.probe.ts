import { randomUUID } from 'node:crypto';
import Redis from 'ioredis';
import { createConnection } from 'mongoose';
import type { Engines } from '../../tools/stack';

/** What was written through both engines, to be found again later. */
export interface Probe {
  document: string;
  queued: string;
}

/** Where the engines are. */
type Addresses = Pick<Engines, 'mongodbUri' | 'redisUrl'>;

const COLLECTION = 'stack_probe';

/** Writes as the service does for what a client is told about: acknowledged by the majority, journalled. */
export async function insertProbe(engines: Addresses): Promise<Probe> {
  const probe = { document: randomUUID(), queued: randomUUID() };
  await onMongo(engines, (probes) =>
    probes.insertOne({ value: probe.document }, { writeConcern: { w: 'majority', j: true } }),
  );
  // In the append-only file's hands before the answer: a process killed with -9 loses nothing, only a power cut could.
  await onRedis(engines, (redis) => redis.set(keyOf(probe), probe.queued));
  return probe;
}

/** What is there of it. */
export async function readProbe(engines: Addresses, probe: Probe): Promise<Probe> {
  const document = await onMongo(engines, (probes) => probes.findOne({ value: probe.document }));
  const queued = await onRedis(engines, (redis) => redis.get(keyOf(probe)));
  return { document: String(document?.['value']), queued: String(queued) };
}

const keyOf = ({ document }: Probe) => `${COLLECTION}:${document}`;

type Collection = ReturnType<ReturnType<typeof createConnection>['collection']>;

async function onMongo<T>(engines: Addresses, work: (probes: Collection) => Promise<T>): Promise<T> {
  const connection = await createConnection(engines.mongodbUri, { dbName: 'stack_probe' }).asPromise();
  try {
    return await work(connection.collection(COLLECTION));
  } finally {
    await connection.close();
  }
}

async function onRedis<T>(engines: Addresses, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(engines.redisUrl, { lazyConnect: true });
  await redis.connect();
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

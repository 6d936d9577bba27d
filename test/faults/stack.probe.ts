import { randomUUID } from 'node:crypto';
import Redis from 'ioredis';
import { createConnection } from 'mongoose';
import type { StackFile } from '../../tools/stack';

/** What was written through both engines, to be found again later. */
export interface Probe {
  document: string;
  queued: string;
}

const COLLECTION = 'stack_probe';

/** Writes as the service does for what a client is told about: acknowledged by the majority, journalled. */
export async function insertProbe(stack: StackFile): Promise<Probe> {
  const probe = { document: randomUUID(), queued: randomUUID() };
  await onMongo(stack, (probes) =>
    probes.insertOne({ value: probe.document }, { writeConcern: { w: 'majority', j: true } }),
  );
  // In the append-only file's hands before the answer: a process killed with -9 loses nothing, only a power cut could.
  await onRedis(stack, (redis) => redis.set(COLLECTION, probe.queued));
  return probe;
}

export async function readProbe(stack: StackFile): Promise<Probe> {
  const document = await onMongo(stack, (probes) => probes.findOne({}));
  const queued = await onRedis(stack, (redis) => redis.get(COLLECTION));
  return { document: String(document?.['value']), queued: String(queued) };
}

type Collection = ReturnType<ReturnType<typeof createConnection>['collection']>;

async function onMongo<T>(stack: StackFile, work: (probes: Collection) => Promise<T>): Promise<T> {
  const connection = await createConnection(stack.mongodb_uri, { dbName: 'stack_probe' }).asPromise();
  try {
    return await work(connection.collection(COLLECTION));
  } finally {
    await connection.close();
  }
}

async function onRedis<T>(stack: StackFile, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(stack.redis_url, { lazyConnect: true });
  await redis.connect();
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

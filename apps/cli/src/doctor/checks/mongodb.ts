import { MongoClient, type Db, type Document } from 'mongodb';
import { redactText } from '#caas/platform/logging';
import type { Configuration } from '../configuration';
import { inTime, ok, remainingMs, unknown, warning, wrong, type Finding } from '../finding';
import { examineClock } from './clock';
import { examineStoredData } from './stored-data';

const WHAT = 'mongodb';
const SELECT_WITHIN_MS = 2_500;
const SLOW_MS = 100;

const REMEDIES: [RegExp, string][] = [
  [/Authentication failed|auth/i, 'Correct the user and password in MONGODB_URI.'],
  [/ENOTFOUND|EAI_AGAIN/, 'The host of MONGODB_URI has no address: correct it.'],
  [/replica set|replicaSet|setName/i, 'Correct replicaSet in MONGODB_URI.'],
];
const AWAY = 'Start MongoDB (`npm start` starts an embedded one), or correct MONGODB_URI.';

/** Is it there, a replica set, of the right time; and what lies in it: indexes, secrets, outbox, what should be archived. */
export async function examineMongo(config: Configuration): Promise<Finding[]> {
  const uri = config.runtime?.MONGODB_URI;
  if (!uri) return [unknown(WHAT, 'MONGODB_URI has a problem: see configuration')];
  let client: MongoClient | undefined;
  try {
    client = new MongoClient(uri, {
      // The driver says why it found nobody; our own limit could only say that it did not.
      serverSelectionTimeoutMS: Math.max(200, Math.min(SELECT_WITHIN_MS, remainingMs() - 400)),
      connectTimeoutMS: SELECT_WITHIN_MS,
      readPreference: 'primaryPreferred',
      appName: 'caas-doctor',
    });
    const connected = client;
    const asked = async (): Promise<{ hello: Document; from: number; to: number }> => {
      await connected.connect();
      const from = Date.now();
      const hello = await connected.db('admin').command({ hello: 1 });
      return { hello, from, to: Date.now() };
    };
    const { hello, from, to } = await inTime(asked(), SELECT_WITHIN_MS + 300);
    const findings = [await examineSet(connected.db('admin'), hello, to - from)];
    if (hello['localTime'] instanceof Date) findings.push(examineClock('mongodb', hello['localTime'], from, to));
    const stored = await examineStoredData(connected, config).catch((error: Error) => [
      unknown('stored data', `could not be looked at: ${redactText(error.message)}`),
    ]);
    return [...findings, ...stored];
  } catch (error) {
    const message = redactText((error as Error).message);
    const remedy = REMEDIES.find(([pattern]) => pattern.test(message))?.[1] ?? AWAY;
    return [wrong(WHAT, `${hostsOf(uri)}: ${message}`, remedy)];
  } finally {
    void client?.close(true).catch(() => undefined);
  }
}

async function examineSet(admin: Db, hello: Document, tookMs: number): Promise<Finding> {
  const isSet = typeof hello['setName'] === 'string' || hello['msg'] === 'isdbgrid';
  if (!isSet) {
    return wrong(
      WHAT,
      'it is no replica set: there are no transactions',
      'Start mongod with --replSet and run rs.initiate() once.',
    );
  }
  if (hello['isWritablePrimary'] !== true && hello['msg'] !== 'isdbgrid') {
    return wrong(WHAT, 'the replica set has no primary', 'Bring the majority of its members back.');
  }
  const { version } = await inTime(admin.command({ buildInfo: 1 }));
  const text = `version ${version}, ${hello['setName'] ? `replica set ${hello['setName']}` : 'sharded'}, answers in ${tookMs} ms`;
  return tookMs > SLOW_MS
    ? warning(WHAT, text, 'Look at the load of MongoDB and at the network to it.')
    : ok(WHAT, text);
}

/** Without user and password. */
const hostsOf = (uri: string): string => /^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]+)/.exec(uri)?.[1] ?? 'MONGODB_URI';

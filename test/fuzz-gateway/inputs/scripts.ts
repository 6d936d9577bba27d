import { Long, UUID } from 'bson';
import { anyCommand, commandInTransaction, moreCommand, openingCommand } from './commands';
import { oddFields, oddValue } from './odd-values';
import { number, odd, one, record, type Making, type Part } from './parts';
import { Random } from './random';
import { Fields } from './raw-bson';

/** A command as it is sent. */
export interface Sent {
  /** With its envelope. */
  body: Fields;
  /** The list that goes beside the body as a document sequence. */
  beside: { field: string; documents: readonly Fields[] } | null;
  /** The client goes away without waiting for the answer. */
  leaves: boolean;
}

const DATABASES = ['fz', 'fz', 'fz', 'fz_2'];
const ODD_DATABASES = ['', 'fz.x', 'Fz', '$x', 'fz/x', 'x'.repeat(70), 'a b', 'none', 'é'];
const DEPTH = 3;
const ODD_DATABASE = 0.02;
const LISTS = new Map([
  ['insert', 'documents'],
  ['update', 'updates'],
  ['delete', 'deletes'],
]);

const id = (random: Random) => ({ id: new UUID(Buffer.alloc(16, 1 + random.below(6))) });
const ENVELOPE: Record<string, Part> = {
  lsid: ({ random }) => id(random),
  txnNumber: one(0, 1, 2, -1, Long.fromString('5'), Long.MAX_VALUE, Long.MIN_VALUE),
  maxTimeMS: one(1_000, 30_000, 1, 0, -1, 2 ** 31, 1.5, Long.MAX_VALUE),
  readConcern: record(
    {
      level: one('local', 'majority', 'snapshot', 'linearizable', 'available', 'x'),
      atClusterTime: odd,
      afterClusterTime: odd,
    },
    0.7,
  ),
  writeConcern: record({ w: one(0, 1, 'majority', 10, -1, 'x'), j: one(true, 1), wtimeout: number, fsync: odd }, 0.6),
  comment: odd,
  apiVersion: one('1', '2', 1),
  apiStrict: one(true, false),
  apiDeprecationErrors: one(true),
  $clusterTime: odd,
  $readPreference: record({ mode: one('primary', 'secondary', 'x') }),
  autocommit: one(false, true),
  startTransaction: one(true, false),
};
const IN_ENVELOPE = 0.05;
const LEAVES = 0.01;

/**
 * What one client sends next, made of the seed and a number alone (a cursor's id apart): one command, a transaction or a read to its
 * end and past it.
 */
export function script(seed: number, index: number): Sent[] {
  const random = new Random(seed, index);
  random.oddness = random.pick([0.05, 0.2, 1, 1, 3]);
  const making = { random, depth: random.chance(0.1) ? DEPTH + 2 : DEPTH };
  const db = databaseOf(random);
  if (random.chance(0.04)) return transaction(making, index, db);
  if (random.chance(0.06))
    return [openingCommand(making), ...random.many(1, 3, () => moreCommand(making))].map((body) =>
      sent(random, body, enveloped(making, db)),
    );
  return [sent(random, anyCommand(making), enveloped(making, db))];
}

function databaseOf(random: Random): unknown {
  if (random.odd(ODD_DATABASE)) return random.chance(0.8) ? random.pick(ODD_DATABASES) : oddValue(random);
  return random.pick(DATABASES);
}

function enveloped(making: Making, db: unknown): [string, unknown][] {
  const { random } = making;
  const chosen = Object.entries(ENVELOPE).filter(() => random.chance(IN_ENVELOPE));
  // A transaction that nobody ends holds its locks for a minute, and everything waits for it: those are made by `transaction`.
  const alone = chosen.filter(
    ([name]) => name !== 'startTransaction' || !chosen.some(([other]) => other === 'autocommit'),
  );
  const fields = alone.map(([name, part]): [string, unknown] => [name, part(making)]);
  if (random.chance(0.003)) return fields;
  const envelope: [string, unknown][] = [...fields, ['$db', db]];
  return random.chance(0.1) ? random.shuffled(envelope) : envelope;
}

function transaction(making: Making, index: number, db: unknown): Sent[] {
  const { random } = making;
  const own = Buffer.alloc(16, 0xfe);
  own.writeInt32LE(index);
  const lsid = { id: new UUID(own) };
  const txnNumber = random.chance(0.95) ? Long.fromNumber(1 + random.below(3)) : oddValue(random);
  const part = (body: Fields, at: number) =>
    sent(random, body, [
      ['lsid', lsid],
      ['txnNumber', txnNumber],
      ['autocommit', false],
      ...(at === 0 ? [['startTransaction', true] as [string, unknown]] : []),
      ['$db', db],
    ]);
  random.oddness /= 3;
  const commands = random.many(1, 4, () => commandInTransaction(making));
  const end = new Fields([[random.chance(0.6) ? 'commitTransaction' : 'abortTransaction', 1]]);
  return [...commands, end, ...(random.chance(0.2) ? [end] : [])].map(part);
}

/** Now and then the documents go beside the command, as drivers send them. */
function sent(random: Random, command: Fields, envelope: [string, unknown][]): Sent {
  const field = LISTS.get(command.entries[0]?.[0] ?? '');
  const value = field === undefined ? undefined : command.get(field);
  const documents = Array.isArray(value) ? value.filter((each) => each instanceof Fields) : [];
  const besides = field !== undefined && documents.length > 0 && random.chance(0.4);
  const own = besides ? command.entries.filter(([name]) => name !== field) : command.entries;
  return {
    body: new Fields([...own, ...envelope]),
    leaves: random.chance(LEAVES),
    beside: besides
      ? {
          field: random.chance(0.02) ? 'other' : field,
          documents: random.chance(0.02) ? [oddFields(random)] : documents,
        }
      : null,
  };
}

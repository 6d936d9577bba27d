import { serialize } from 'bson';
import { documentOfElements } from '../bson/build';
import { elementsOf } from '../bson/raw-document';
import { MongoError } from '../errors/mongo-error';
import { bsonOf } from '../postgres/session';
import { decode } from '../bson/decode';
import { operationsOf, type BulkOperation } from './bulk-operations';
import { Command, type Handler } from './command';
import { numberOf } from './fields';
import { writeIdentity } from './retryable';
import { STATEMENTS_FIELD, type WriteVerb } from './statements';
import { explainErrors } from './writes';

type Fields = Record<string, unknown>;

/** Operations that the engine does in one call: of one kind, on one collection. */
interface Part {
  verb: WriteVerb;
  db: string;
  /** The place of its first operation in the command. */
  first: number;
  operations: BulkOperation[];
  /** The part as the engine's own command, for its envelope to be taken off and its errors to be explained. */
  command: Command;
}

interface Counts {
  nErrors: number;
  nInserted: number;
  nMatched: number;
  nModified: number;
  nUpserted: number;
  nDeleted: number;
}

/** What of the client's envelope a part keeps, so that it knows what it is part of. */
const KEPT = new Set(['lsid', 'txnNumber', 'autocommit', 'let', 'bypassDocumentValidation']);

const BULK_WRITE = `select results::text as results from documentdb_gateway.bulk_write(
  $1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::boolean, $6::bytea, $7::bigint, $8::bigint)`;

/**
 * Inserts, updates and deletes over several collections (MongoDB 8). All of them are one transaction of the engine, so that a
 * command which is asked for twice happened whole or not at all; an operation that fails ends an ordered one as on MongoDB, and
 * what went before it stays.
 * @see https://www.mongodb.com/docs/manual/reference/command/bulkWrite/
 */
export const bulkWrite: Handler = async (command) => {
  if (command.db !== 'admin') {
    throw MongoError.of('Unauthorized', 'bulkWrite may only be run against the admin database.');
  }
  const { ordered = true, errorsOnly = false } = optionsOf(command);
  const parts = partsOf(command, operationsOf(command), { ordered, errorsOnly });
  for (const { verb, operations } of parts) command.gateway.counters.add(verb, operations.length);
  const results = await run(command, parts, ordered);
  return replyTo(command, parts, results, errorsOnly);
};

/** @throws MongoError TypeMismatch */
function optionsOf(command: Command): { ordered?: boolean; errorsOnly?: boolean } {
  const options: Record<string, boolean> = {};
  const { body } = command.request;
  for (const { name, type, valueStart } of elementsOf(body)) {
    if (name !== 'ordered' && name !== 'errorsOnly') continue;
    if (type !== 0x08)
      throw MongoError.of('TypeMismatch', `BSON field 'bulkWrite.${name}' is the wrong type, expected type 'bool'`);
    options[name] = body[valueStart] === 1;
  }
  return options;
}

/** The engine counts a call as a whole, so operations that are told of one by one are called one by one. */
function partsOf(
  command: Command,
  operations: BulkOperation[],
  { ordered, errorsOnly }: { ordered: boolean; errorsOnly: boolean },
): Part[] {
  const groups: { first: number; operations: BulkOperation[] }[] = [];
  operations.forEach((operation, index) => {
    const last = groups.at(-1);
    const previous = last?.operations[0];
    const together = errorsOnly || operation.verb === 'insert';
    if (together && previous?.verb === operation.verb && previous.namespace === operation.namespace) {
      last!.operations.push(operation);
    } else groups.push({ first: index, operations: [operation] });
  });
  const { body } = command.request;
  const kept = [...elementsOf(body)].filter(({ name }) => KEPT.has(name));
  return groups.map(({ first, operations: those }) => {
    const { verb, namespace } = those[0]!;
    const dot = namespace.indexOf('.');
    const [db, collection] = [namespace.slice(0, dot), namespace.slice(dot + 1)];
    const own = Buffer.from(serialize({ [verb]: collection, ordered, $db: db })).subarray(4, -1);
    const passed = kept
      .filter(({ name }) =>
        verb === 'insert' ? name !== 'let' : verb === 'update' || name !== 'bypassDocumentValidation',
      )
      .map(({ start, end }) => body.subarray(start, end));
    const documents = Buffer.concat(those.map(({ statement }) => statement));
    const request = {
      ...command.request,
      body: documentOfElements([own, ...passed]),
      sequences: [{ field: STATEMENTS_FIELD[verb], documents }],
    };
    const part = new Command(command.gateway, request, command.connectionId);
    return { verb, db, first, operations: those, command: part };
  });
}

/** The engine's replies, one for each part that was run. */
async function run(command: Command, parts: Part[], ordered: boolean): Promise<Buffer[]> {
  const identity = writeIdentity(command);
  const values = [
    arrayOf(parts.map(({ verb }) => verb)),
    arrayOf(parts.map(({ db }) => db)),
    arrayOf(parts.map((part) => `\\x${part.command.body.toString('hex')}`)),
    arrayOf(parts.map((part) => `\\x${part.command.documentsBeside(STATEMENTS_FIELD[part.verb])!.toString('hex')}`)),
    String(ordered),
    identity?.session.id ?? null,
    identity?.session.lock ?? null,
    identity?.number ?? null,
  ];
  const [row] = await command.run((session) => session.query('bulkWrite', BULK_WRITE, values));
  const { results } = decode(bsonOf(row!.results)) as { results: string[] };
  return results.map(bsonOf);
}

/** PostgreSQL's text for an array. */
const arrayOf = (values: string[]) =>
  `{${values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join()}}`;

async function replyTo(command: Command, parts: Part[], results: Buffer[], errorsOnly: boolean): Promise<Fields> {
  const counts: Counts = { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };
  const batch: Fields[] = [];
  let aborted = false;
  for (const [index, result] of results.entries()) {
    const part = parts[index]!;
    let reply = decode(result);
    if (Array.isArray(reply.writeErrors) && reply.writeErrors.length > 0) {
      // As after any failed write, a transaction is over before its errors are looked into.
      if (!aborted) await command.abortTransaction();
      aborted = true;
      reply = decode(await explainErrors(part.command, part.verb, result));
    }
    batch.push(...itemsOf(part, reply, counts));
  }
  batch.sort((one, other) => (one.idx as number) - (other.idx as number));
  const shown = errorsOnly ? batch.filter(({ ok }) => ok === 0) : batch;
  return { cursor: { id: 0n, firstBatch: shown, ns: 'admin.$cmd.bulkWrite' }, ...counts, ok: 1 };
}

/** What the reply says of each operation of a part that was run; `counts` grows by it. */
function itemsOf({ verb, first, operations, command }: Part, reply: Fields, counts: Counts): Fields[] {
  const errors = (reply.writeErrors ?? []) as (Fields & { index: number })[];
  const upserted = (reply.upserted ?? []) as { index: number; _id: unknown }[];
  const n = numberOf(reply.n) ?? 0;
  const nModified = numberOf(reply.nModified) ?? 0;
  counts.nErrors += errors.length;
  if (verb === 'insert') counts.nInserted += n;
  if (verb === 'delete') counts.nDeleted += n;
  if (verb === 'update') {
    counts.nMatched += n - upserted.length;
    counts.nModified += nModified;
    counts.nUpserted += upserted.length;
  }
  const failed = new Map(errors.map((error) => [error.index, error]));
  // An ordered part ends with its first error.
  const done = errors.length > 0 && command.document.ordered === true ? errors[0]!.index + 1 : operations.length;
  return operations.slice(0, done).map((_operation, index) => {
    const error = failed.get(index);
    if (error) {
      const { index: _index, ...rest } = error;
      return { ok: 0, idx: first + index, ...rest, n: 0, ...(verb === 'update' ? { nModified: 0 } : {}) };
    }
    const item = { ok: 1, idx: first + index, n: verb === 'insert' ? 1 : n };
    if (verb !== 'update') return item;
    const made = upserted.find((one) => one.index === index);
    return { ...item, nModified, ...(made ? { upserted: { _id: made._id } } : {}) };
  });
}

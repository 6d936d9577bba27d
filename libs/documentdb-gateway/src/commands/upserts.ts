import { EJSON } from 'bson';
import { duplicatesRaised } from '../errors/postgres-errors';
import type { Command } from './command';
import { keysOfDuplicate } from './duplicate-key';
import { statementsOf, type Verb } from './statements';

type Fields = Record<string, unknown>;

export interface Written {
  /** The engine's raw reply. */
  result: Buffer;
  success: boolean;
}

/** An update that inserts when it finds nothing. */
interface Upsert {
  filter: Fields;
  update: unknown;
}

const MOST_ATTEMPTS = 10;
/** The field of a raw statement, as a cheap sign that there may be an upsert. */
const UPSERT_TRUE = Buffer.from('\x08upsert\0\x01', 'latin1');

/**
 * Two upserts of one key may both find nothing; then one inserts, and the other meets its document. MongoDB tries that other again,
 * which now finds the document, where the filter asks for exactly the unique key and the update leaves the key alone. Elsewhere the
 * duplicate key is the client's to know of.
 * @param write sends the command. With `true` duplicate keys are raised and nothing of the command happens.
 */
export async function retryingUpserts(
  command: Command,
  verb: Verb,
  write: (raiseDuplicates: boolean) => Promise<Written>,
): Promise<Written> {
  if (command.inTransaction || !mayUpsert(command, verb)) return write(false);
  const upserts = statementsOf(command, verb).map((statement) => upsertOf(statement, verb));
  for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt += 1) {
    try {
      return await write(true);
    } catch (error) {
      const duplicates = duplicatesRaised(error);
      if (!duplicates) throw error;
      for (const { index, message } of duplicates) {
        if (!(await isRace(command, upserts[index], message))) return write(false);
      }
    }
  }
  return write(false);
}

function mayUpsert(command: Command, verb: Verb): boolean {
  if (verb === 'findAndModify') return command.request.body.includes(UPSERT_TRUE);
  if (verb !== 'update') return false;
  return command.body.includes(UPSERT_TRUE) || command.documentsBeside('updates')?.includes(UPSERT_TRUE) === true;
}

function upsertOf(statement: Fields, verb: Verb): Upsert | null {
  if (statement.upsert !== true) return null;
  const [filter, update] = verb === 'update' ? [statement.q, statement.u] : [statement.query, statement.update];
  return { filter: (filter ?? {}) as Fields, update };
}

async function isRace(command: Command, upsert: Upsert | null | undefined, message: string): Promise<boolean> {
  if (!upsert) return false;
  const keys = Object.keys(await keysOfDuplicate(command, message));
  const wanted = equalitiesOf(upsert.filter);
  if (wanted === null || keys.length !== wanted.size || !keys.every((key) => wanted.has(key))) return false;
  return leavesAlone(upsert.update, wanted);
}

/** The paths that a filter asks to be equal to a value, with the values; null when it asks for anything else. */
function equalitiesOf(filter: Fields, found = new Map<string, unknown>()): Map<string, unknown> | null {
  for (const [path, condition] of Object.entries(filter)) {
    if (path === '$and' && Array.isArray(condition)) {
      if (!condition.every((part) => equalitiesOf(part as Fields, found))) return null;
      continue;
    }
    if (path.startsWith('$')) return null;
    const operators = operatorsOf(condition);
    if (operators.some((operator) => operator !== '$eq')) return null;
    found.set(path, operators.length > 0 ? (condition as Fields).$eq : condition);
  }
  return found;
}

function operatorsOf(condition: unknown): string[] {
  if (typeof condition !== 'object' || condition === null || '_bsontype' in condition) return [];
  return Object.keys(condition).filter((name) => name.startsWith('$'));
}

/** Whether an update writes no other value into the paths than they are wanted to have. */
function leavesAlone(update: unknown, wanted: Map<string, unknown>): boolean {
  if (typeof update !== 'object' || update === null || Array.isArray(update)) return false;
  const entries = Object.entries(update);
  const written = entries.some(([name]) => name.startsWith('$'))
    ? entries.flatMap(([, fields]) => Object.entries(fields as Fields))
    : entries;
  return written.every(([path, value]) =>
    [...wanted].every(
      ([key, wish]) =>
        !(path === key || path.startsWith(`${key}.`) || key.startsWith(`${path}.`)) ||
        (path === key && EJSON.stringify({ value }) === EJSON.stringify({ value: wish })),
    ),
  );
}

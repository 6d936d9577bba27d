import { EJSON } from 'bson';
import { CODES, MongoError } from '../errors/mongo-error';
import { fromPostgres } from '../errors/postgres-errors';
import { withoutElements } from '../bson/raw-document';
import { indexesOf } from './catalog';
import type { Command } from './command';
import { statementsOf } from './statements';

type Fields = Record<string, unknown>;

const HINT = 'hint\0';

/**
 * The `hint` of a write. It changes no result, and the engine chooses its own way; but one that names no index is an error on
 * MongoDB. The engine does not take it in findAndModify, so there it is left out.
 * @returns the reply to a write whose only statement has a wrong hint; null to go on
 * @throws MongoError BadValue for a hint of no index
 */
export async function checkHints(command: Command): Promise<Fields | null> {
  const { name } = command;
  if (name === 'findAndModify' || name === 'findandmodify') {
    if (!command.options.some((option) => option.name === 'hint')) return null;
    await requireIndexes(command, [command.document.hint]);
    command.replaceBody(withoutElements(command.body, (field) => field === 'hint'));
    return null;
  }
  if ((name !== 'update' && name !== 'delete') || !mentionsHint(command)) return null;
  const statements = statementsOf(command, name);
  try {
    await requireIndexes(
      command,
      statements.map(({ hint }) => hint),
    );
    return null;
  } catch (error) {
    if (statements.length > 1 || command.inTransaction || !(error instanceof MongoError)) throw error;
    const writeErrors = [{ index: 0, code: error.code, errmsg: error.message }];
    return { n: 0, ...(name === 'update' ? { nModified: 0 } : {}), writeErrors, ok: 1 };
  }
}

function mentionsHint({ request }: Command): boolean {
  return request.body.includes(HINT) || request.sequences.some(({ documents }) => documents.includes(HINT));
}

async function requireIndexes(command: Command, hints: unknown[]): Promise<void> {
  const wanted = hints.filter((hint) => hint !== undefined && !isNatural(hint) && !isNothing(hint));
  if (wanted.length === 0) return;
  const indexes = await command
    .runAlone((session) => indexesOf(session, command.db, command.target))
    .catch((error: unknown) => {
      // In a collection that is not there, or not yet committed, nothing is found by any index.
      if (fromPostgres(error, false).code === CODES.NamespaceNotFound) return null;
      throw error;
    });
  if (indexes === null) return;
  for (const hint of wanted) {
    const found = indexes.some(({ name, key }) => (typeof hint === 'string' ? name === hint : isSame(key, hint)));
    if (found) continue;
    throw MongoError.of(
      'BadValue',
      'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
    );
  }
}

const isNatural = (hint: unknown) => typeof hint === 'object' && hint !== null && '$natural' in hint;
const isNothing = (hint: unknown) => typeof hint === 'object' && hint !== null && Object.keys(hint).length === 0;
const isSame = (key: unknown, hint: unknown) => EJSON.stringify(key) === EJSON.stringify(hint);

import { decode } from '../bson/decode';
import { splitDocuments } from '../bson/raw-document';
import { MongoError } from '../errors/mongo-error';
import type { Command } from './command';
import { documentsIn } from './fields';

/** Writes that have a list of statements. */
export type WriteVerb = 'insert' | 'update' | 'delete';
/** All writes. */
export type Verb = WriteVerb | 'findAndModify';

/** The field of a write that holds its statements; they may come beside the command as well. */
export const STATEMENTS_FIELD = { insert: 'documents', update: 'updates', delete: 'deletes' } as const;

/** What the command asks for, decoded: one statement for a findAndModify. @throws MongoError TypeMismatch */
export function statementsOf(command: Command, verb: Verb): Record<string, unknown>[] {
  if (verb === 'findAndModify') return [command.document];
  const field = STATEMENTS_FIELD[verb];
  const beside = command.documentsBeside(field);
  return beside ? splitDocuments(beside).map((document) => decode(document)) : documentsIn(command.document, field);
}

/** The engine passes over the `sort` of an update, and would change another document than was asked for. */
export const sortRefused = (multi: boolean) =>
  multi
    ? MongoError.of('FailedToParse', 'Cannot specify sort with multi=true')
    : MongoError.of('CommandNotSupported', 'an update with a sort is not supported: use findAndModify with one');

import { decode } from '../bson/decode';
import { splitDocuments } from '../bson/raw-document';
import type { Command } from './command';
import { documentsIn } from './fields';

/** The kinds of writes. */
export type Verb = 'insert' | 'update' | 'delete' | 'findAndModify';

/** The field of a write that holds its statements; they may come beside the command as well. */
export const STATEMENTS_FIELD = { insert: 'documents', update: 'updates', delete: 'deletes' } as const;

/** What the command asks for, decoded: one statement for a findAndModify. @throws MongoError TypeMismatch */
export function statementsOf(command: Command, verb: Verb): Record<string, unknown>[] {
  if (verb === 'findAndModify') return [command.document];
  const field = STATEMENTS_FIELD[verb];
  const beside = command.documentsBeside(field);
  return beside ? splitDocuments(beside).map((document) => decode(document)) : documentsIn(command.document, field);
}

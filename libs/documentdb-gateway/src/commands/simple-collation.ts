import { serialize } from 'bson';
import { decodeExact } from '../bson/decode';
import { splitDocuments } from '../bson/raw-document';
import type { Command } from './command';

type Fields = Record<string, unknown>;

/** Which field of a command holds what may have a collation of its own. */
const HOLDERS: Readonly<Record<string, string>> = { createIndexes: 'indexes', update: 'updates', delete: 'deletes' };

/** The simple collation is none, and the engine need not hear of it: takes it out of the indexes or statements of a command. */
export function dropSimpleCollations(command: Command): void {
  const field = Object.hasOwn(HOLDERS, command.name) ? HOLDERS[command.name]! : null;
  if (field === null) return;
  for (const sequence of command.request.sequences) {
    if (sequence.field !== field || !mayHave(sequence.documents)) continue;
    const documents = splitDocuments(sequence.documents).map((document) => encoded(without(decodeExact(document))));
    sequence.documents = Buffer.concat(documents);
  }
  if (!mayHave(command.body)) return;
  const body = decodeExact(command.body);
  const inside = body[field];
  if (!Array.isArray(inside)) return;
  command.replaceBody(encoded({ ...body, [field]: inside.map((each) => (isFields(each) ? without(each) : each)) }));
}

const mayHave = (bytes: Buffer) => bytes.includes('simple\0') && bytes.includes('collation\0');
const encoded = (document: Fields) => Buffer.from(serialize(document, { ignoreUndefined: false }));
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function without({ collation, ...rest }: Fields): Fields {
  const isSimple = isFields(collation) && String(collation.locale) === 'simple';
  return isSimple || collation === undefined ? rest : { ...rest, collation };
}

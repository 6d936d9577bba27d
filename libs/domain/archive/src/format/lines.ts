import { deserialize, serialize } from 'bson';
import { namedRowsOf, rowsAmong, type ArchivedMessage } from '#caas/domain/messages';
import { fromEjson, NotPlain, toEjson } from './ejson';

/** Version of the format, written in every line. */
export const FORMAT = 1;

const BEGINNING = /^\{"v":(\d+),"seq":(\d+),"id":"([0-9a-f]{24})",/;

/** The content of cold storage is corrupt or does not match its row. */
export class ArchiveDamaged extends Error {}

/**
 * One message as a line of JSON, including the newline: `{v, seq, id, message}` and, where there are any, `reactions`, the rows of its
 * kind (`votes`) and `versions`. Documents are stored as they were in the collections, in relaxed EJSON. If relaxed EJSON cannot
 * represent them exactly, `bson` holds the same fields instead, as base64 of one BSON document.
 */
export function lineOf(archived: ArchivedMessage): string {
  const { message, reactions, rows, versions } = archived;
  const { seq, _id } = message;
  const parts = { reactions, ...namedRowsOf(message, rows), versions };
  const beginning = `{"v":${FORMAT},"seq":${seq},"id":"${_id.toHexString()}"`;
  try {
    let line = `${beginning},"message":${JSON.stringify(toEjson(message))}`;
    for (const [name, part] of Object.entries(parts)) {
      if (part.length > 0) line += `,"${name}":${JSON.stringify(toEjson(part))}`;
    }
    return `${line}}\n`;
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    const bytes = Buffer.from(serialize({ message, ...parts }));
    return `${beginning},"bson":"${bytes.toString('base64')}"}\n`;
  }
}

/** Reads the head of a line without parsing the rest. @throws ArchiveDamaged */
export function headOf(line: string): { seq: number; id: string } {
  const [, version, seq, id] = BEGINNING.exec(line) ?? [];
  if (Number(version) !== FORMAT) throw new ArchiveDamaged(`A line does not begin as one of version ${FORMAT} does.`);
  return { seq: Number(seq), id: id! };
}

/** @throws ArchiveDamaged */
export function readLine(line: string): ArchivedMessage {
  try {
    const { bson, ...plain } = JSON.parse(line) as { bson?: string } & Partial<ArchivedMessage>;
    const read =
      bson === undefined
        ? (fromEjson(plain) as ArchivedMessage)
        : (deserialize(Buffer.from(bson, 'base64')) as unknown as ArchivedMessage);
    const { message, reactions = [], versions = [], ...named } = read;
    return { message, reactions, rows: rowsAmong(message, named), versions };
  } catch (error) {
    throw new ArchiveDamaged('A line cannot be read.', { cause: error });
  }
}

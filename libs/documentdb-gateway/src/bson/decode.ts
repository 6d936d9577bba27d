import { deserialize, type DeserializeOptions } from 'bson';

/** MongoDB takes patterns and texts as they come, also what JavaScript has no regular expression or character for. */
export const AS_THEY_COME: DeserializeOptions = { bsonRegExp: true, validation: { utf8: false } };

/** A document with numbers as JavaScript has them; only 64-bit ones stay what they are. @throws BSONError when it is damaged */
export function decode(document: Uint8Array): Record<string, unknown> {
  return deserialize(document, { ...AS_THEY_COME, promoteLongs: false, promoteBuffers: false });
}

/** A document whose values keep their types, to be encoded again. @throws BSONError when it is damaged */
export function decodeExact(document: Uint8Array): Record<string, unknown> {
  return deserialize(document, { ...AS_THEY_COME, promoteValues: false });
}

import { serialize } from 'bson';

/** A raw document with more fields at its end; what it holds is not decoded. */
export function withFields(document: Buffer, fields: Record<string, unknown>): Buffer {
  return withElements(document, Buffer.from(serialize(fields)).subarray(4, -1));
}

/** A raw document with raw elements at its end. */
export function withElements(document: Buffer, elements: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(document.length + elements.length);
  document.copy(whole, 0, 0, document.length - 1);
  elements.copy(whole, document.length - 1);
  whole[whole.length - 1] = 0;
  whole.writeInt32LE(whole.length, 0);
  return whole;
}

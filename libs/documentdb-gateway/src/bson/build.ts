import { deserialize } from 'bson';
import { AS_THEY_COME } from './decode';
import type { RawElement } from './raw-document';

/** A raw element: type byte, name, value. */
export function element(type: number, name: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), value]);
}

/** A document of raw elements. */
export function documentOfElements(elements: readonly Uint8Array[]): Buffer {
  const length = elements.reduce((total, { length: each }) => total + each, 5);
  const head = Buffer.alloc(4);
  head.writeInt32LE(length, 0);
  return Buffer.concat([head, ...elements, Buffer.from([0])], length);
}

/** The value of one element of `document`, decoded alone. */
export function valueOf(document: Buffer, { start, end }: RawElement): unknown {
  const alone = documentOfElements([document.subarray(start, end)]);
  return Object.values(deserialize(alone, AS_THEY_COME))[0];
}

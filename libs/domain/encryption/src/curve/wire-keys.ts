import { pointProblem, strictPointProblem } from './montgomery';
import { SIGNATURE_BYTES } from './xeddsa';

/** Public keys in Signal's format: a type byte, then the key. */
const EC_TYPE = 0x05;
const KYBER_TYPE = 0x08;
export const EC_KEY_BYTES = 33;
export const KYBER_KEY_BYTES = 1569;
const EC_PRIVATE_BYTES = 32;
const KYBER_PRIVATE_BYTES = [3168, 3169];

/** The use of a key. Identity and signed keys are checked more strictly than each of a hundred one-time keys. */
export type WireKind = 'identity' | 'one_time' | 'kyber' | 'signature';

export class WireProblem extends Error {
  constructor(
    message: string,
    /** Whether the value has the size of a private key. */
    readonly looksPrivate = false,
  ) {
    super(message);
  }
}

/** @throws WireProblem with a text to be appended to the field's name */
export function readWire(kind: WireKind, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new WireProblem('must be standard base64 with padding');
  if (kind === 'signature') {
    if (bytes.length !== SIGNATURE_BYTES) throw new WireProblem(`must be a signature of ${SIGNATURE_BYTES} bytes`);
    return bytes;
  }
  if (kind === 'kyber') return kyberKey(bytes);
  return ecKey(bytes, kind);
}

/** The bytes of a key of curve25519 without the type byte. */
export const pointOf = (key: Uint8Array): Uint8Array => key.subarray(1);

function ecKey(bytes: Buffer, kind: 'identity' | 'one_time'): Buffer {
  const expected = `must be a public key of ${EC_KEY_BYTES} bytes that begins with 0x05`;
  if (bytes.length === EC_PRIVATE_BYTES) {
    throw new WireProblem(`${expected}; 32 bytes may be a private key, which belongs nowhere but in its device`, true);
  }
  if (bytes.length !== EC_KEY_BYTES || bytes[0] !== EC_TYPE) throw new WireProblem(expected);
  const problem = (kind === 'identity' ? strictPointProblem : pointProblem)(pointOf(bytes));
  if (problem !== null) throw new WireProblem(problem);
  return bytes;
}

function kyberKey(bytes: Buffer): Buffer {
  const expected = `must be a Kyber-1024 public key of ${KYBER_KEY_BYTES} bytes that begins with 0x08`;
  if (KYBER_PRIVATE_BYTES.includes(bytes.length)) {
    throw new WireProblem(
      `${expected}; this is as long as a private key, which belongs nowhere but in its device`,
      true,
    );
  }
  if (bytes.length !== KYBER_KEY_BYTES || bytes[0] !== KYBER_TYPE) throw new WireProblem(expected);
  return bytes;
}

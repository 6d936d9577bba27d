import { elementsOf, type RawElement } from '../bson/raw-document';
import { USUAL } from './usual-fields';

/** What the driver adds to every command and the engine does not take, beside what begins with a dollar. */
const ENVELOPE = new Set([
  'lsid',
  'txnNumber',
  'autocommit',
  'startTransaction',
  'readConcern',
  'writeConcern',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
  'comment',
  'maxTimeMS',
]);

const DOUBLE = 0x01;
const STRING = 0x02;
const DOCUMENT = 0x03;
const BOOLEAN = 0x08;
const INT32 = 0x10;
const INT64 = 0x12;

/** What of the envelope is read here, and the types it may have. */
const ENVELOPE_TYPES = new Map<string, readonly number[]>(
  Object.entries({
    $db: [STRING],
    lsid: [DOCUMENT],
    txnNumber: [INT32, INT64],
    maxTimeMS: [INT32, INT64, DOUBLE],
    autocommit: [BOOLEAN],
    startTransaction: [BOOLEAN],
  }),
);

const LONGEST_TIME_LIMIT_MS = 2 ** 31 - 1;

/** Whether a field of a command is for the gateway alone. */
export const isEnvelope = (field: string): boolean => field.startsWith('$') || ENVELOPE.has(field);

/** What of a command is read before anything else, its raw body walked once. */
interface Envelope {
  name: string;
  target: string;
  db: string | null;
  lsid: string | null;
  txnNumber: bigint | null;
  autocommit: boolean | null;
  startTransaction: boolean;
  maxTimeMs: number | null;
  mistyped: string | null;
  gossip: Buffer | null;
  options: RawElement[];
}

/** @param body the raw command, its own field first */
export function readEnvelope(body: Buffer): Envelope {
  const envelope: Envelope = {
    name: '',
    target: '',
    db: null,
    lsid: null,
    txnNumber: null,
    autocommit: null,
    startTransaction: false,
    maxTimeMs: null,
    mistyped: null,
    gossip: null,
    options: [],
  };
  for (const element of elementsOf(body)) {
    const { type, name, valueStart, end } = element;
    if (envelope.name === '') {
      envelope.name = name;
      if (type === STRING) envelope.target = body.toString('utf8', valueStart + 4, end - 1);
    } else if (!USUAL.has(name)) envelope.options.push(element);
    if (ENVELOPE_TYPES.get(name)?.includes(type) === false) {
      envelope.mistyped = name;
      continue;
    }
    switch (name) {
      case '$db':
        envelope.db = body.toString('utf8', valueStart + 4, end - 1);
        break;
      case 'lsid':
        envelope.lsid = body.toString('latin1', valueStart, end);
        break;
      case 'txnNumber':
        envelope.txnNumber =
          end - valueStart === 8 ? body.readBigInt64LE(valueStart) : BigInt(body.readInt32LE(valueStart));
        break;
      case 'maxTimeMS':
        envelope.maxTimeMs = timeLimitOf(body, type, valueStart);
        break;
      case '$clusterTime':
        if (type === DOCUMENT) envelope.gossip = body.subarray(valueStart, end);
        break;
      case 'autocommit':
        envelope.autocommit = body[valueStart] === 1;
        break;
      case 'startTransaction':
        envelope.startTransaction = body[valueStart] === 1;
        break;
    }
  }
  return envelope;
}

function timeLimitOf(body: Buffer, type: number, at: number): number | null {
  let value = 0;
  if (type === INT32) value = body.readInt32LE(at);
  if (type === INT64) value = Number(body.readBigInt64LE(at));
  if (type === DOUBLE) value = body.readDoubleLE(at);
  return value >= 1 ? Math.min(Math.floor(value), LONGEST_TIME_LIMIT_MS) : null;
}

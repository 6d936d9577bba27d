import { Binary, Long, serialize } from 'bson';
import { decode, decodeExact } from '../bson/decode';
import { MongoError } from '../errors/mongo-error';
import type { Command, Handler } from './command';
import { numberOf } from './fields';
import { mendedStages } from './pipelines';

type Fields = Record<string, unknown>;

const NOBODY = new Binary(Buffer.alloc(32));
/** Fields of `currentOp` that say what to list; all others are a filter. */
const SETTINGS = new Set(['currentOp', '$all', '$ownOps', '$truncateOps', 'lsid', '$db', '$clusterTime', 'comment']);

/** Stages whose documents the gateway itself knows, at the head of an aggregate of `admin`. */
const SOURCES: Readonly<Record<string, (command: Command, options: Fields) => Fields[]>> = {
  $currentOp: operationsOf,
  $listLocalSessions: sessionsOf,
};

/** What the gateway is doing, and for whom. */
export const currentOperations: Record<string, Handler> = {
  currentOp: async (command) => {
    const filter = Object.fromEntries(Object.entries(command.document).filter(([name]) => !SETTINGS.has(name)));
    const inprog = operationsOf(command, { idleSessions: true, idleCursors: command.document.$all === true });
    return { inprog: inprog.filter((operation) => matches(operation, filter)), ok: 1 };
  },
  /** Interrupts the command of that number, as its client going away does. */
  killOp: async ({ gateway, document }) => {
    const op = numberOf(document.op);
    if (op === null) throw MongoError.of('TypeMismatch', "BSON field 'killOp.op' must be a number");
    const killed = [...gateway.atWork].find((command) => command.opid === op);
    killed?.interrupt.raise(MongoError.of('Interrupted', 'operation was interrupted'));
    return { info: 'attempting to kill op', ok: 1 };
  },
};

/**
 * An aggregate that begins with one of these stages, with the documents in the place of the stage. What they say is no expression.
 * @returns the body to send; null for any other aggregate
 * @throws MongoError InvalidNamespace for such a stage of another database or of a collection; CommandNotSupported
 */
export function withOwnDocuments(command: Command): Buffer | null {
  const { body } = command;
  if (!Object.keys(SOURCES).some((name) => body.includes(name))) return null;
  const decoded = decodeExact(body);
  const [first, ...rest] = Array.isArray(decoded.pipeline) ? (decoded.pipeline as unknown[]) : [];
  const [name = ''] = typeof first === 'object' && first !== null ? Object.keys(first) : [];
  if (!Object.hasOwn(SOURCES, name)) return null;
  const isOfAll = command.target === '' && (command.db === 'admin' || name === '$listLocalSessions');
  if (!isOfAll) {
    throw MongoError.of('InvalidNamespace', `${name} must be run against the 'admin' database with {aggregate: 1}`);
  }
  const options = (first as Fields)[name] ?? {};
  const documents = SOURCES[name]!(command, decode(serialize(options as Fields)));
  const pipeline = mendedStages([{ $documents: { $literal: documents } }, ...rest]);
  return Buffer.from(serialize({ ...decoded, pipeline }, { ignoreUndefined: true }));
}

function operationsOf({ gateway }: Command, { idleSessions = true, idleCursors = false }: Fields): Fields[] {
  const { atWork, sessions, cursors, address: host } = gateway;
  const busy = new Set([...atWork].map(({ lsid }) => lsid));
  const base = { host, currentOpTime: new Date().toISOString() };
  const active = [...atWork].map((command) => ({
    type: 'op',
    ...base,
    connectionId: command.connectionId,
    desc: `conn${command.connectionId}`,
    active: true,
    opid: command.opid,
    secs_running: Long.fromNumber(Math.floor((Date.now() - command.startedAt) / 1000)),
    microsecs_running: Long.fromNumber((Date.now() - command.startedAt) * 1000),
    op: command.name === 'getMore' ? 'getmore' : command.name === 'find' ? 'query' : 'command',
    ns: command.target === '' ? `${command.db}.$cmd` : command.namespace(),
    ...(command.lsid === null ? {} : { lsid: idOf(command.lsid) }),
    command: shownOf(command),
  }));
  const open = idleSessions ? sessions.transactions().filter(({ lsid }) => !busy.has(lsid)) : [];
  const idle = open.map(({ lsid, number, startedAt }) => ({
    type: 'idleSession',
    ...base,
    active: false,
    opid: -1,
    lsid: idOf(lsid),
    transaction: {
      parameters: { txnNumber: Long.fromBigInt(number), autocommit: false },
      startWallClockTime: new Date(startedAt).toISOString(),
    },
  }));
  const unread = idleCursors
    ? cursors.list().map(({ id, owner, collection, usedAt }) => ({
        type: 'idleCursor',
        ...base,
        ns: `${owner.db}.${collection}`,
        ...(owner.lsid === null ? {} : { lsid: idOf(owner.lsid) }),
        cursor: { cursorId: Long.fromBigInt(id), lastAccessDate: new Date(usedAt), tailable: false, awaitData: false },
      }))
    : [];
  return [...active, ...idle, ...unread];
}

function sessionsOf({ gateway }: Command): Fields[] {
  return gateway.knownSessions.list().map(([lsid, usedAt]) => ({
    _id: { ...idOf(lsid), uid: NOBODY },
    lastUse: new Date(usedAt),
  }));
}

const LONGEST_SHOWN = 16 * 1024;

/** A command as its client sent it, without what came beside it. A long one is not shown whole. */
function shownOf({ request: { body }, name, target }: Command): Fields {
  if (body.length > LONGEST_SHOWN) return { [name]: target === '' ? 1 : target, $truncated: true };
  const { $clusterTime: _time, ...shown } = decode(body);
  return shown;
}

const idOf = (lsid: string): Fields => decode(Buffer.from(lsid, 'latin1'));

/** The filter of `currentOp` by plain equality, which is what it is used with. */
function matches(operation: Fields, filter: Fields): boolean {
  return Object.entries(filter).every(([path, wanted]) => {
    const found = path.split('.').reduce<unknown>((value, name) => (value as Fields | undefined)?.[name], operation);
    return String(found) === String(wanted);
  });
}

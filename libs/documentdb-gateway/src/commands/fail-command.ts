import { codeName, CODES } from '../errors/mongo-error';
import type { Command } from './command';
import { numberOf } from './fields';

type Fields = Record<string, unknown>;

/** What `failCommand` is told to do, and to which commands. */
export interface FailCommandData {
  failCommands: readonly string[];
  errorCode: number | null;
  errorExtraInfo: Fields;
  closeConnection: boolean;
  errorLabels: readonly string[] | null;
  writeConcernError: Fields | null;
  blockMs: number;
  appName: string | null;
}

/** Errors after which a driver sends a write again. @see https://github.com/mongodb/specifications (retryable writes) */
const RETRYABLE: ReadonlySet<number> = new Set([
  CODES.HostUnreachable,
  CODES.HostNotFound,
  CODES.NetworkTimeout,
  CODES.ShutdownInProgress,
  CODES.PrimarySteppedDown,
  CODES.ExceededTimeLimit,
  CODES.SocketException,
  CODES.NotWritablePrimary,
  CODES.InterruptedAtShutdown,
  CODES.InterruptedDueToReplStateChange,
  CODES.NotPrimaryNoSecondaryOk,
  CODES.NotPrimaryOrSecondary,
]);
/** Errors, also of a commit, after which a transaction may be started over. Before its commit the above are such as well. */
const TRANSIENT: ReadonlySet<number> = new Set([
  CODES.WriteConflict,
  CODES.LockTimeout,
  CODES.SnapshotUnavailable,
  CODES.NoSuchTransaction,
  CODES.PreparedTransactionInProgress,
]);

/** The names of a command are one. */
const SAME: Readonly<Record<string, string>> = {
  ismaster: 'isMaster',
  findandmodify: 'findAndModify',
  buildinfo: 'buildInfo',
};
export const canonical = (name: string): string => (Object.hasOwn(SAME, name) ? SAME[name]! : name);

export function failCommandData(data: Fields): FailCommandData {
  return {
    failCommands: ((data.failCommands ?? []) as string[]).map(canonical),
    errorCode: numberOf(data.errorCode),
    errorExtraInfo: (data.errorExtraInfo ?? {}) as Fields,
    closeConnection: data.closeConnection === true,
    errorLabels: (data.errorLabels ?? null) as string[] | null,
    writeConcernError: (data.writeConcernError ?? null) as Fields | null,
    blockMs: data.blockConnection === true ? (numberOf(data.blockTimeMS) ?? 0) : 0,
    appName: (data.appName ?? null) as string | null,
  };
}

/** The reply of a command that a fail point makes fail with `code`. @param given labels in the place of the server's own */
export function failure(
  command: Command,
  code: number,
  { point, given = null, more = {} }: { point: string; given?: readonly string[] | null; more?: Fields },
): Fields {
  const errmsg = `Failing command via '${point}' failpoint`;
  const errorLabels = given ?? labelsFor(command, code, false);
  return { ok: 0, errmsg, code, codeName: codeName(code), ...more, ...labelled(errorLabels) };
}

/** What a reply says of a write concern that a fail point makes fail. */
export function failedWriteConcern(command: Command, { writeConcernError, errorLabels }: FailCommandData): Fields {
  return {
    writeConcernError,
    ...labelled(errorLabels ?? labelsFor(command, numberOf(writeConcernError?.code) ?? 0, true)),
  };
}

const labelled = (errorLabels: readonly string[]) => (errorLabels.length > 0 ? { errorLabels } : {});

/** The labels that the server itself gives an error, by what the command is part of. */
function labelsFor({ name, inTransaction, txnNumber }: Command, code: number, ofWriteConcern: boolean): string[] {
  const ends = name === 'commitTransaction' || name === 'abortTransaction';
  const isTransient = TRANSIENT.has(code) || (!ends && RETRYABLE.has(code));
  if (inTransaction && !ofWriteConcern && isTransient) return ['TransientTransactionError'];
  const isRetried = ends || (txnNumber !== null && !inTransaction);
  return isRetried && RETRYABLE.has(code) ? ['RetryableWriteError'] : [];
}

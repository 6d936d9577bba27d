import { setTimeout as sleep } from 'node:timers/promises';
import { codeName, CODES, MongoError } from '../errors/mongo-error';
import type { Command } from './command';
import { numberOf } from './fields';

type Fields = Record<string, unknown>;

interface FailCommand {
  /** How many commands pass before it strikes, and how often it then does. */
  skip: number;
  times: number;
  data: {
    failCommands: readonly string[];
    errorCode: number | null;
    closeConnection: boolean;
    errorLabels: readonly string[] | null;
    writeConcernError: Fields | null;
    blockMs: number;
    appName: string | null;
  };
}

/** What a fail point does to a command: hang up, answer instead of it, or add to its answer. */
export type Strike =
  { kind: 'hangUp' } | { kind: 'reply'; reply: Fields } | { kind: 'writeConcernError'; fields: Fields };

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
/** Errors after which a transaction may be started over. */
const TRANSIENT: ReadonlySet<number> = new Set([
  ...RETRYABLE,
  CODES.WriteConflict,
  CODES.LockTimeout,
  CODES.NoSuchTransaction,
  CODES.SnapshotUnavailable,
]);

/**
 * `configureFailPoint: 'failCommand'`: lets a test make commands of its choice fail. It exists only behind
 * `--enable-test-commands`.
 * @see https://github.com/mongodb/mongo/wiki/The-%22failCommand%22-fail-point
 */
export class FailPoints {
  private failCommand: FailCommand | null = null;
  /** What each connection called itself in its first greeting. */
  private readonly appNames = new Map<number, string>();

  /**
   * Sets or ends the fail point.
   * @returns the reply of `configureFailPoint`
   * @throws MongoError BadValue for another fail point or a mode that is none
   */
  configure({ document }: Command): Fields {
    const { configureFailPoint: name, mode, data = {} } = document;
    if (name !== 'failCommand') throw MongoError.of('BadValue', `the fail point ${String(name)} is not supported`);
    this.failCommand = mode === 'off' ? null : { ...timesOf(mode), data: dataOf(data as Fields) };
    return { count: 0, ok: 1 };
  }

  /** @returns what the fail point does to this command; null for nothing. It waits first when it is to block. */
  async strike(command: Command): Promise<Strike | null> {
    this.learnAppName(command);
    const { failCommand } = this;
    if (!failCommand || !this.isMeant(failCommand, command)) return null;
    if (failCommand.skip > 0) {
      failCommand.skip -= 1;
      return null;
    }
    failCommand.times -= 1;
    if (failCommand.times === 0) this.failCommand = null;
    const { blockMs, closeConnection, errorCode, writeConcernError, errorLabels } = failCommand.data;
    if (blockMs > 0) await sleep(blockMs);
    if (closeConnection) return { kind: 'hangUp' };
    if (errorCode !== null) return { kind: 'reply', reply: failure(command, errorCode, errorLabels) };
    if (writeConcernError === null) return null;
    const labels = errorLabels ?? labelsFor(command, numberOf(writeConcernError.code) ?? 0, true);
    return {
      kind: 'writeConcernError',
      fields: { writeConcernError, ...(labels.length > 0 ? { errorLabels: labels } : {}) },
    };
  }

  connectionClosed(connectionId: number): void {
    this.appNames.delete(connectionId);
  }

  private isMeant({ data }: FailCommand, { name, connectionId }: Command): boolean {
    if (name === 'configureFailPoint' || !data.failCommands.includes(canonical(name))) return false;
    return data.appName === null || data.appName === this.appNames.get(connectionId);
  }

  private learnAppName(command: Command): void {
    const { name, connectionId } = command;
    if (canonical(name) !== 'hello' && canonical(name) !== 'isMaster') return;
    const { client } = command.document as { client?: { application?: { name?: unknown } } };
    if (typeof client?.application?.name === 'string') this.appNames.set(connectionId, client.application.name);
  }
}

const canonical = (name: string) =>
  name === 'ismaster'
    ? 'isMaster'
    : name === 'findandmodify'
      ? 'findAndModify'
      : name === 'buildinfo'
        ? 'buildInfo'
        : name;

function timesOf(mode: unknown): { skip: number; times: number } {
  if (mode === 'alwaysOn') return { skip: 0, times: Infinity };
  const { times, skip } = (typeof mode === 'object' && mode !== null ? mode : {}) as Fields;
  const [struck, passed] = [numberOf(times), numberOf(skip)];
  if (struck !== null && struck > 0) return { skip: 0, times: struck };
  if (passed !== null && passed >= 0) return { skip: passed, times: Infinity };
  throw MongoError.of('BadValue', "the mode of a fail point is 'off', 'alwaysOn', { times: n } or { skip: n }");
}

function dataOf(data: Fields): FailCommand['data'] {
  return {
    failCommands: ((data.failCommands ?? []) as string[]).map(canonical),
    errorCode: numberOf(data.errorCode),
    closeConnection: data.closeConnection === true,
    errorLabels: (data.errorLabels ?? null) as string[] | null,
    writeConcernError: (data.writeConcernError ?? null) as Fields | null,
    blockMs: data.blockConnection === true ? (numberOf(data.blockTimeMS) ?? 0) : 0,
    appName: (data.appName ?? null) as string | null,
  };
}

function failure(command: Command, code: number, given: readonly string[] | null): Fields {
  const errmsg = `Failing command via 'failCommand' failpoint`;
  const errorLabels = given ?? labelsFor(command, code, false);
  return { ok: 0, errmsg, code, codeName: codeName(code), ...(errorLabels.length > 0 ? { errorLabels } : {}) };
}

/** The labels that the server itself gives an error, by what the command is part of. */
function labelsFor({ name, inTransaction, txnNumber }: Command, code: number, ofWriteConcern: boolean): string[] {
  const ends = name === 'commitTransaction' || name === 'abortTransaction';
  if (inTransaction && !ends) return !ofWriteConcern && TRANSIENT.has(code) ? ['TransientTransactionError'] : [];
  return txnNumber !== null && RETRYABLE.has(code) ? ['RetryableWriteError'] : [];
}

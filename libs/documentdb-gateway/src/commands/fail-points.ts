import { setTimeout as sleep } from 'node:timers/promises';
import { MongoError } from '../errors/mongo-error';
import { isRecorded } from '../postgres/schema';
import type { Command } from './command';
import { canonical, failCommandData, failedWriteConcern, failure, type FailCommandData } from './fail-command';
import { numberOf } from './fields';
import { statementsIn } from './operation-counters';
import { writeIdentity } from './retryable';
import type { Strike } from './strike';

type Fields = Record<string, unknown>;

/** When a fail point strikes: how often it lets pass first, how often it then strikes, and how likely. */
interface Mode {
  skip: number;
  times: number;
  probability: number;
}

interface TransactionalWrite {
  /** With it the write is not done; without, it is done and its reply is lost. */
  code: number | null;
  closeConnection: boolean;
}

const RETRYABLE_WRITES = new Set(['insert', 'update', 'delete', 'findAndModify', 'bulkWrite']);

/**
 * `configureFailPoint`: lets a test make commands of its choice fail. It exists only behind `--enable-test-commands`.
 * - `failCommand`: commands by their names;
 * - `onPrimaryTransactionalWrite`: retryable writes that are done, and not answered from the record of an earlier try;
 * - `maxTimeAlwaysTimeOut`: commands with `maxTimeMS`.
 * @see https://github.com/mongodb/mongo/wiki/The-%22failCommand%22-fail-point
 */
export class FailPoints {
  private failCommand: (Mode & { data: FailCommandData }) | null = null;
  private transactionalWrite: (Mode & { data: TransactionalWrite }) | null = null;
  private timeOut: Mode | null = null;
  /** What each connection called itself in its first greeting. */
  private readonly appNames = new Map<number, string>();

  /**
   * Sets or ends a fail point.
   * @returns the reply of `configureFailPoint`
   * @throws MongoError BadValue for another fail point or a mode that is none
   */
  configure({ document }: Command): Fields {
    const { configureFailPoint: name, mode } = document;
    const data = (document.data ?? {}) as Fields;
    const set = mode === 'off' ? null : modeOf(mode);
    switch (name) {
      case 'failCommand':
        this.failCommand = set && { ...set, data: failCommandData(data) };
        break;
      case 'onPrimaryTransactionalWrite':
        this.transactionalWrite = set && { ...set, data: transactionalWriteData(data) };
        break;
      case 'maxTimeAlwaysTimeOut':
        this.timeOut = set;
        break;
      default:
        throw MongoError.of('BadValue', `the fail point ${String(name)} is not supported`);
    }
    return { count: 0, ok: 1 };
  }

  /** @returns what the fail points do to this command; null for nothing. It waits first when one is to block. */
  async strike(command: Command): Promise<Strike | null> {
    this.learnAppName(command);
    if (command.name === 'configureFailPoint') return null;
    return (await this.strikeByName(command)) ?? this.strikeByTime(command) ?? (await this.strikeWrite(command));
  }

  connectionClosed(connectionId: number): void {
    this.appNames.delete(connectionId);
  }

  private async strikeByName(command: Command): Promise<Strike | null> {
    const { failCommand } = this;
    if (!failCommand || !this.isMeant(failCommand.data, command) || !strikes(failCommand)) return null;
    const { blockMs, closeConnection, errorCode, writeConcernError, errorLabels, errorExtraInfo } = failCommand.data;
    if (blockMs > 0) await sleep(blockMs);
    if (closeConnection) return { kind: 'hangUp' };
    if (errorCode !== null) {
      const how = { point: 'failCommand', given: errorLabels, more: errorExtraInfo };
      return { kind: 'reply', reply: failure(command, errorCode, how) };
    }
    if (writeConcernError === null) return null;
    return { kind: 'writeConcernError', fields: failedWriteConcern(command, failCommand.data) };
  }

  private strikeByTime({ maxTimeMs }: Command): Strike | null {
    if (!this.timeOut || maxTimeMs === null || !strikes(this.timeOut)) return null;
    return { kind: 'reply', reply: MongoError.of('MaxTimeMSExpired', 'operation exceeded time limit').toReply() };
  }

  private async strikeWrite(command: Command): Promise<Strike | null> {
    const { transactionalWrite: point } = this;
    if (!point || !RETRYABLE_WRITES.has(canonical(command.name))) return null;
    const identity = writeIdentity(command);
    if (!identity) return null;
    const { session: key, number } = identity;
    if (await command.gateway.database.use((session) => isRecorded(session, key, number))) return null;
    if (!strikes(point, statementsIn(command))) return null;
    const { code, closeConnection } = point.data;
    if (code === null) return closeConnection ? { kind: 'hangUpAfter' } : null;
    if (closeConnection) return { kind: 'hangUp' };
    return { kind: 'reply', reply: failure(command, code, { point: 'onPrimaryTransactionalWrite' }) };
  }

  private isMeant(data: FailCommandData, { name, connectionId }: Command): boolean {
    if (!data.failCommands.includes(canonical(name))) return false;
    return data.appName === null || data.appName === this.appNames.get(connectionId);
  }

  private learnAppName(command: Command): void {
    const { name, connectionId } = command;
    if (canonical(name) !== 'hello' && canonical(name) !== 'isMaster') return;
    const { client } = command.document as { client?: { application?: { name?: unknown } } };
    if (typeof client?.application?.name === 'string') this.appNames.set(connectionId, client.application.name);
  }
}

/** Whether a fail point strikes something that counts `weight` times. */
function strikes(mode: Mode, weight = 1): boolean {
  if (mode.times <= 0) return false;
  if (mode.skip >= weight) {
    mode.skip -= weight;
    return false;
  }
  if (Math.random() >= mode.probability) return false;
  mode.times -= 1;
  return true;
}

function modeOf(mode: unknown): Mode {
  const always = { skip: 0, times: Infinity, probability: 1 };
  if (mode === 'alwaysOn') return always;
  const given = (typeof mode === 'object' && mode !== null ? mode : {}) as Fields;
  const [times, skip, probability] = [given.times, given.skip, given.activationProbability].map(numberOf);
  if (typeof times === 'number' && times > 0) return { ...always, times };
  if (typeof skip === 'number' && skip >= 0) return { ...always, skip };
  if (typeof probability === 'number' && probability >= 0 && probability <= 1) return { ...always, probability };
  throw MongoError.of(
    'BadValue',
    "the mode of a fail point is 'off', 'alwaysOn', { times: n }, { skip: n } or { activationProbability: p }",
  );
}

const transactionalWriteData = (data: Fields): TransactionalWrite => ({
  code: numberOf(data.failBeforeCommitExceptionCode),
  closeConnection: data.closeConnection !== false,
});

import { withoutElements, type RawElement } from '../bson/raw-document';
import type { CursorStore } from '../cursors/cursor-store';
import { MongoError } from '../errors/mongo-error';
import type { Database } from '../postgres/database';
import type { Session } from '../postgres/session';
import type { Clients } from '../sessions/clients';
import type { SessionStore } from '../sessions/session-store';
import { Interrupt } from '../waiting/interrupt';
import type { LockWaits } from '../waiting/lock-waits';
import { decode } from '../bson/decode';
import type { WireRequest } from '../wire/message';
import { wrongType } from './fields';
import type { ClusterClock } from './cluster-time';
import type { Strike } from './strike';
import type { InsertBatcher } from './insert-batcher';
import type { KnownSessions } from '../sessions/known-sessions';
import type { OperationCounters } from './operation-counters';
import { isEnvelope, readEnvelope } from './envelope';

/** Commands that leave nothing behind, so that a transaction of these alone needs no record of its commit. */
const READS = new Set(['find', 'aggregate', 'count', 'distinct', 'getMore', 'listCollections', 'listIndexes']);
const CANCEL_EVERY_MS = 50;
/** A statement that a cancel does not end by then is left to the engine, and its session is replaced. */
const CANCELLED_WITHIN_MS = 5_000;

/** What a command runs with. */
export interface Gateway {
  readonly database: Database;
  readonly sessions: SessionStore;
  readonly insertBatcher: InsertBatcher;
  readonly cursors: CursorStore;
  readonly lockWaits: LockWaits;
  readonly clients: Clients;
  readonly clock: ClusterClock;
  readonly counters: OperationCounters;
  /** Only behind `--enable-test-commands`. */
  readonly failPoints: {
    configure(command: Command): Record<string, unknown>;
    strike(command: Command): Promise<Strike | null>;
  } | null;
  readonly startedAt: number;
  /** The commands that are being answered. */
  readonly atWork: Set<Command>;
  readonly knownSessions: KnownSessions;
  readonly connectionCount: () => number;
  readonly address: string;
}

let lastOpid = 0;

/** One command of a client: its envelope read, its body raw and stripped, decoded only when somebody asks. */
export class Command {
  readonly name: string;
  /** The value of the command's own field when it is text: the collection's name. */
  readonly target: string;
  readonly db: string;
  readonly lsid: string | null;
  readonly txnNumber: bigint | null;
  readonly inTransaction: boolean;
  readonly startsTransaction: boolean;
  /** The client's time limit for the engine; null for none. */
  readonly maxTimeMs: number | null;
  readonly interrupt = new Interrupt();
  readonly startedAt = Date.now();
  /** What `killOp` calls it by. */
  readonly opid = (lastOpid += 1);
  /** The client's `$clusterTime`, raw. */
  readonly gossip: Buffer | null;
  /** The raw fields that `checkOptions` looks at: all but the most usual. */
  readonly options: readonly RawElement[];
  /** A field of the envelope whose value is of no type that it may have. */
  private readonly mistyped: string | null;
  private decoded: Record<string, unknown> | null = null;
  private stripped: Buffer | null = null;

  constructor(
    readonly gateway: Gateway,
    readonly request: WireRequest,
    readonly connectionId: number,
  ) {
    const envelope = readEnvelope(request.body);
    this.name = envelope.name;
    this.target = envelope.target;
    this.db = envelope.db ?? request.namespace?.split('.')[0] ?? 'admin';
    this.lsid = envelope.lsid;
    this.txnNumber = envelope.txnNumber;
    this.inTransaction = envelope.autocommit === false && envelope.lsid !== null && envelope.txnNumber !== null;
    this.startsTransaction = envelope.startTransaction;
    this.maxTimeMs = envelope.maxTimeMs;
    this.gossip = envelope.gossip;
    this.options = envelope.options;
    this.mistyped = envelope.mistyped;
  }

  /** @throws MongoError TypeMismatch */
  requireEnvelope(): void {
    if (this.mistyped !== null) throw wrongType(this.mistyped);
  }

  /** The raw body without the envelope: what the engine takes. */
  get body(): Buffer {
    this.stripped ??= withoutElements(this.request.body, isEnvelope);
    return this.stripped;
  }

  /** Puts another raw body in the place of what the engine would take. */
  replaceBody(body: Buffer): void {
    this.stripped = body;
  }

  get document(): Record<string, unknown> {
    this.decoded ??= decode(this.request.body);
    return this.decoded;
  }

  /** @throws MongoError InvalidNamespace */
  collection(): string {
    if (this.target !== '' && !this.target.includes('\0')) return this.target;
    throw MongoError.of('InvalidNamespace', `collection name has invalid type or is empty for command ${this.name}`);
  }

  /**
   * The documents that came beside the command for its `field`; null when they are in the command itself.
   * @throws MongoError BadValue when something else came beside it
   */
  documentsBeside(field: string): Buffer | null {
    const [sequence, ...others] = this.request.sequences;
    if (sequence === undefined) return null;
    if (sequence.field === field && others.length === 0) return sequence.documents;
    throw MongoError.of('BadValue', `${this.name} takes no document sequence but '${field}'`);
  }

  namespace(): string {
    return `${this.db}.${this.target}`;
  }

  /**
   * Runs `work` on a session: the transaction's own when the command is part of one, else any, as `runAlone` does.
   * @param wants see `runAlone`
   */
  async run<T>(work: (session: Session) => Promise<T>, wants?: () => string): Promise<T> {
    if (!this.inTransaction) return this.runAlone(work, wants);
    const { lsid, txnNumber, startsTransaction: starts, connectionId } = this;
    const part = { connectionId, lsid: lsid!, number: txnNumber!, starts, writes: !READS.has(this.name) };
    return this.gateway.sessions.inTransaction(part, this.interrupt, (session) => this.on(session, work));
  }

  /**
   * Runs `work` outside transactions. It runs again when it met another's lock, so all that it does before its last statement must
   * bear that.
   * @param wants what the command waits for with others if it has to; its namespace when left out
   */
  async runAlone<T>(work: (session: Session) => Promise<T>, wants = () => this.namespace()): Promise<T> {
    const { database, lockWaits } = this.gateway;
    const attempt = (session: Session, lockWaitMs?: number) =>
      lockWaitMs === undefined
        ? this.on(session, work)
        : session.waitingForLocks(lockWaitMs, () => this.on(session, work));
    return lockWaits.run(wants, this.interrupt, (lockWaitMs) =>
      database.use((session) => attempt(session, lockWaitMs), this.interrupt),
    );
  }

  /** Runs `work` on a session that the caller has. Its statement is cancelled when the command is interrupted. */
  async on<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T> {
    this.interrupt.throwIfRaised();
    let again: NodeJS.Timeout | undefined;
    let abandon: NodeJS.Timeout | undefined;
    const forget = this.interrupt.onInterrupt(() => {
      session.cancel();
      // A request that overtakes its statement finds nothing to end.
      again = setInterval(() => session.cancel(), CANCEL_EVERY_MS);
      abandon = setTimeout(() => session.abandon(), CANCELLED_WITHIN_MS);
    });
    try {
      return await work(session);
    } catch (error) {
      throw this.interrupt.error ?? error;
    } finally {
      forget();
      clearInterval(again);
      clearTimeout(abandon);
      if (this.interrupt.error) await session.settle();
    }
  }

  /** As MongoDB does on any write error inside a transaction: its locks are free before the client knows. */
  async abortTransaction(): Promise<void> {
    if (this.inTransaction) await this.gateway.sessions.abort(this.lsid!, this.txnNumber!);
  }

  /** Raises the interrupt when the command's `maxTimeMS` are over. @returns what ends the watch */
  watchTime(): () => void {
    if (this.maxTimeMs === null) return () => undefined;
    const expired = () => this.interrupt.raise(MongoError.of('MaxTimeMSExpired', 'operation exceeded time limit'));
    const timer = setTimeout(expired, this.maxTimeMs);
    return () => clearTimeout(timer);
  }
}

export type Handler = (command: Command) => Promise<Buffer | Record<string, unknown>>;

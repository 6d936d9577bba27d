import type { Interrupt } from '../waiting/interrupt';
import { Semaphore } from '../waiting/semaphore';
import { Session, type PostgresAddress, type Share } from './session';

/** The pool keeps idle sessions beyond the commands' share, as many again at most, for this long. A new session costs more than most commands. */
const SPARE_MS = 60_000;
const CLOSE_SPARE_EVERY_MS = 10_000;

/** How many sessions each use may have at once. None of them can take another's. */
export type PoolLimits = Record<Share, number>;

/**
 * The sessions of PostgreSQL, in three shares. Who finds a share spent waits in order, and a client that waits is not read from, so
 * that pressure reaches the clients. A session that has become free serves any share.
 */
export class Database {
  /** Those that were used last are at the end, and are used next. */
  private readonly idle: { session: Session; sinceMs: number }[] = [];
  private readonly shares: Record<Share, Semaphore>;
  private readonly timer = setInterval(() => this.closeSpare(), CLOSE_SPARE_EVERY_MS).unref();
  private closed = false;

  constructor(
    private readonly address: PostgresAddress,
    private readonly limits: PoolLimits,
  ) {
    this.shares = {
      commands: new Semaphore(limits.commands),
      transactions: new Semaphore(limits.transactions),
      cursors: new Semaphore(limits.cursors),
    };
  }

  /**
   * Runs `work` with a session of the commands' share, and takes it back unless `work` moved it to another.
   * @throws the interrupt's error when it comes while waiting
   */
  async use<T>(work: (session: Session) => Promise<T>, interrupt?: Interrupt): Promise<T> {
    const session = await this.take('commands', interrupt);
    const { lease } = session;
    try {
      return await work(session);
    } finally {
      if (session.lease === lease) this.giveBack(session);
    }
  }

  /** A session for as long as the caller likes. @throws the interrupt's error when it comes while waiting */
  async take(share: Share, interrupt?: Interrupt): Promise<Session> {
    await this.shares[share].acquire(interrupt);
    try {
      const session = this.idle.pop()?.session ?? (await this.open());
      session.lease = { share };
      return session;
    } catch (error) {
      this.shares[share].release();
      throw error;
    }
  }

  /** A session that its holder keeps for something else. The share may grow past its limit: whoever moves makes room before. */
  move(session: Session, share: Share): void {
    this.shares[share].acquireBeyond();
    this.shares[session.lease!.share].release();
    session.lease = { share };
  }

  /** @param drained false when something was left open in the session that only its end closes */
  giveBack(session: Session, drained = true): void {
    const share = this.shares[session.lease!.share];
    session.lease = null;
    void session.isReusable().then((reusable) => {
      const hasRoom = this.idle.length < 2 * this.limits.commands;
      if (reusable && drained && hasRoom && !this.closed) this.idle.push({ session, sinceMs: performance.now() });
      else session.close();
      share.release();
    });
  }

  isSpent(share: Share): boolean {
    return this.shares[share].holders >= this.shares[share].limit;
  }

  /** Sessions that are open, that nobody has, and that each share has; commands that wait for one. */
  get stats(): Record<'open' | 'idle' | 'waiting' | Share, number> {
    const { commands, transactions, cursors } = this.shares;
    return {
      open: this.idle.length + commands.holders + transactions.holders + cursors.holders,
      idle: this.idle.length,
      waiting: commands.waiting + transactions.waiting + cursors.waiting,
      commands: commands.holders,
      transactions: transactions.holders,
      cursors: cursors.holders,
    };
  }

  close(): void {
    this.closed = true;
    clearInterval(this.timer);
    for (const { session } of this.idle.splice(0)) session.close();
  }

  private closeSpare(): void {
    const before = performance.now() - SPARE_MS;
    while (this.idle.length > this.limits.commands && this.idle[0]!.sinceMs < before)
      this.idle.shift()!.session.close();
  }

  private open(): Promise<Session> {
    return Session.open(this.address, (lost) => {
      const at = this.idle.findIndex(({ session }) => session === lost);
      if (at >= 0) this.idle.splice(at, 1);
    });
  }
}

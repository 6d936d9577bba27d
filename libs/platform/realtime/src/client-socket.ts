import type { Socket } from 'socket.io';
import type { EventData, EventType } from '#caas/contracts';
import { CaasError, newRequestId, type RequestContext } from '#caas/kernel';
import { TokenBucket } from '#caas/platform/concurrency';
import { toProblem } from '#caas/platform/http';
import type { Rejecting } from './rejection-batcher';
import type { SocketPrincipal } from './ports';

const BURST_SECONDS = 2;
const RETRY_AFTER_SECONDS = 1;
/** A client is warned this long before its token expires. */
const EXPIRING_NOTICE_MS = 60_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Time for the client to read the last packets. */
const CUT_OFF_AFTER_MS = 1_000;

/** One socket: its user, the expiry of its token, and its message rate limit. */
export class ClientSocket implements Rejecting {
  private timers: NodeJS.Timeout[] = [];
  private readonly bucket: TokenBucket;

  constructor(
    readonly socket: Socket,
    public principal: SocketPrincipal,
    private readonly messagesPerSecond: number,
  ) {
    this.bucket = new TokenBucket(messagesPerSecond, BURST_SECONDS * messagesPerSecond, performance.now());
    this.watchExpiry();
  }

  context(): Promise<RequestContext> {
    return this.principal.context(newRequestId());
  }

  /** @throws CaasError `session_mismatch` (403) for another user's token */
  renew(principal: SocketPrincipal): void {
    const same =
      principal.tenantId === this.principal.tenantId && principal.user.user_id.equals(this.principal.user.user_id);
    if (!same)
      throw new CaasError('forbidden', 'session_mismatch', 'A socket is renewed with a token of its own user.');
    this.principal = principal;
    this.watchExpiry();
  }

  /** Charges one message. @returns false when the socket has reached its rate limit */
  spend(): boolean {
    return this.bucket.spend(1, performance.now());
  }

  refusal(): CaasError {
    const detail = `No more than ${this.messagesPerSecond} messages a second.`;
    return new CaasError('too_many', 'rate_limited', detail, [], { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }

  /** Sends an event to this socket only. */
  tell<T extends EventType>(type: T, data: EventData<T>): void {
    const envelope = { id: newRequestId(), type, at: new Date().toISOString(), data };
    this.socket.nsp.to(this.socket.id).emit(type, envelope);
  }

  /** Sends the reason, and disconnects. */
  end(type: 'session.revoked' | 'connection.cut', error: unknown): void {
    const { code, detail, retry_after } = toProblem(error, newRequestId());
    this.tell(type, { code, detail, ...(retry_after === undefined ? {} : { retry_after }) });
    this.socket.disconnect(true);
  }

  /**
   * Ends the connection after everything written for the client has been sent. It sends no socket.io disconnect packet, since
   * clients do not reconnect by themselves after that.
   */
  hangUp(): Promise<void> {
    const { conn } = this.socket;
    if (conn.readyState === 'closed') return Promise.resolve();
    return new Promise((resolve) => {
      conn.once('close', () => resolve());
      conn.close();
    });
  }

  /** Ends the connection now. Other ways to close wait until the client has read what was written for it; this client does not read. */
  cutOff(): void {
    const { transport } = this.socket.conn as unknown as { transport: { socket?: { terminate(): void } } };
    this.socket.disconnect(true);
    transport.socket?.terminate();
  }

  /** A closed connection waits for its client's close frame. This cuts off a client that goes on sending instead. */
  cutOffSoon(): void {
    setTimeout(() => this.cutOff(), CUT_OFF_AFTER_MS).unref();
  }

  /** Bytes that the client has not read yet. */
  get backlogBytes(): number {
    const connection = this.socket.conn as unknown as {
      transport?: { socket?: { bufferedAmount?: number } };
      writeBuffer: { data?: unknown }[];
    };
    const queued = connection.writeBuffer.reduce(
      (sum, { data }) => sum + (typeof data === 'string' ? data.length : 0),
      0,
    );
    return queued + (connection.transport?.socket?.bufferedAmount ?? 0);
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }

  private watchExpiry(): void {
    this.close();
    const remainingMs = this.principal.expiresAt - Date.now();
    const expiresAt = new Date(this.principal.expiresAt).toISOString();
    this.after(remainingMs - EXPIRING_NOTICE_MS, () => this.tell('session.expiring', { expires_at: expiresAt }));
    this.after(remainingMs, () =>
      this.end('session.revoked', new CaasError('unauthenticated', 'token_expired', 'The token has expired.')),
    );
  }

  private after(delayMs: number, action: () => void): void {
    if (delayMs > MAX_TIMER_MS) return;
    const timer = setTimeout(action, Math.max(0, delayMs));
    timer.unref();
    this.timers.push(timer);
  }
}

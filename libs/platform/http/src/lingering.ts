import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

const LINGER_MS = 2_000;
/** The largest body that is read and discarded after a refusal. */
const MOST_DROPPED_BYTES = 64 * 1024;
const MAX_LINGERING = 512;
const SWEEP_MS = 20;
/**
 * The most connections closed in one sweep. Closing hundreds at once delays other requests, and makes their clients reconnect all
 * at once.
 */
const MOST_CLOSED = 5;

/**
 * Connections whose request was answered, usually refused, before its whole body had arrived. Closing a connection while its
 * client still sends may lose the answer (RFC 9112, 9.6), so it stays open for two seconds. A short rest of a body is discarded,
 * and the connection can be used again. A longer rest is not read, because reading is the cost of a flood of such bodies; the
 * answer then says `Connection: close`. The connection is closed when the time is over or there are too many of them.
 */
export class LingeringConnections {
  /** By request, which has no id before Fastify sees it. The value is the end of its time, by `performance.now()`. */
  private readonly all = new Map<IncomingMessage, number>();
  /** Weak, since no event tells when a request is no longer used. */
  private readonly unread = new WeakSet<IncomingMessage>();
  private sweep: NodeJS.Timeout | null = null;

  /** Call it before the headers of an answer are sent: it sets whether the connection can be used again. */
  announce({ raw: request }: FastifyRequest, reply: FastifyReply): void {
    if (request.complete || isShort(request)) return void reply.removeHeader('connection');
    this.unread.add(request);
    void reply.header('connection', 'close');
    keepOpen(reply.raw);
    stopReading(request);
  }

  /** Call it when the answer has been sent. */
  add(request: IncomingMessage): void {
    if ((request.complete && !this.unread.has(request)) || request.destroyed) return;
    const [oldest] = this.all.size >= MAX_LINGERING ? this.all.keys() : [];
    if (oldest) this.close(oldest);
    this.all.set(request, performance.now() + LINGER_MS);
    // A reader that had begun to read the body may have asked for more of it.
    if (this.unread.has(request)) setImmediate(() => stopReading(request));
    this.sweep ??= setInterval(() => this.closeSome(), SWEEP_MS).unref();
  }

  private closeSome(): void {
    const now = performance.now();
    let closed = 0;
    for (const [request, until] of this.all) {
      const isOver = request.complete && !this.unread.has(request);
      if (isOver || request.socket.destroyed) this.all.delete(request);
      else if (now < until || closed === MOST_CLOSED) break;
      else {
        this.close(request);
        closed += 1;
      }
    }
    if (this.all.size > 0 || !this.sweep) return;
    clearInterval(this.sweep);
    this.sweep = null;
  }

  private close(request: IncomingMessage): void {
    this.all.delete(request);
    request.socket.destroy();
  }
}

const isShort = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= MOST_DROPPED_BYTES;

/**
 * Keeps the connection open: Node ends it as soon as an answer with `Connection: close` has been sent. The flag by which it does
 * so is not part of its public interface: `hostile-input.spec.ts` fails when an upgrade removes it.
 */
function keepOpen(response: ServerResponse): void {
  response.prependOnceListener('finish', () => ((response as unknown as { _last: boolean })._last = false));
}

/**
 * Stops reading at once, including data that has already arrived: Node reads up to 2 MB of it in one turn. Node's parser reads
 * directly from the socket's handle unless the socket has a `data` listener. It also discards a body that has no reader, and
 * `pause` alone takes effect too late for a read in progress. `_handle` is not public: `hostile-input.spec.ts` fails when an
 * upgrade removes it.
 */
function stopReading(request: IncomingMessage): void {
  const { socket } = request;
  request.read(0);
  if (socket.listenerCount('data', ignore) === 0) socket.on('data', ignore);
  socket.pause();
  const { _handle: handle } = socket as unknown as { _handle: { reading: boolean; readStop(): void } | null };
  if (!handle) return;
  handle.reading = false;
  handle.readStop();
}

const ignore = (): void => undefined;

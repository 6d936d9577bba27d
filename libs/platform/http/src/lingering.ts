import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

const LINGER_MS = 2_000;
/** What is read and dropped of a body that nobody wants. */
const MOST_DROPPED_BYTES = 64 * 1024;
const MAX_LINGERING = 512;
const SWEEP_MS = 20;
/** Closed in one sweep. To close hundreds at once holds the others up, and brings their clients back all at once. */
const MOST_CLOSED = 5;

/**
 * Connections whose request was answered before all of it had come: refused, as a rule. A connection that is closed while its client
 * still sends may lose the answer on its way (RFC 9112, 9.6), so it stays for two seconds. A short rest of a body is dropped, and the
 * connection can be used again. Of a longer one nothing more is read, because reading is what a flood of such bodies costs; the answer
 * says `Connection: close`. When the time is over, or there are too many, the connection is closed.
 */
export class LingeringConnections {
  /** By request, which has no id before Fastify sees it: until when, by `performance.now()`. */
  private readonly all = new Map<IncomingMessage, number>();
  /** Weak: nobody says when a request is over for good. */
  private readonly unread = new WeakSet<IncomingMessage>();
  private sweep: NodeJS.Timeout | null = null;

  /** Called before the headers of an answer are sent: says whether the connection can be used again. */
  announce({ raw: request }: FastifyRequest, reply: FastifyReply): void {
    if (request.complete || isShort(request)) return void reply.removeHeader('connection');
    this.unread.add(request);
    void reply.header('connection', 'close');
    keepOpen(reply.raw);
    stopReading(request);
  }

  /** Called when the answer has been sent. */
  add(request: IncomingMessage): void {
    if ((request.complete && !this.unread.has(request)) || request.destroyed) return;
    const [oldest] = this.all.size >= MAX_LINGERING ? this.all.keys() : [];
    if (oldest) this.close(oldest);
    this.all.set(request, performance.now() + LINGER_MS);
    // Whoever had begun to read the body may have asked for more of it.
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
 * Node ends a connection as soon as an answer with `Connection: close` is out. The mark that it does so by is not part of its public
 * interface: `hostile-input.spec.ts` fails when an upgrade takes it away.
 */
function keepOpen(response: ServerResponse): void {
  response.prependOnceListener('finish', () => ((response as unknown as { _last: boolean })._last = false));
}

/**
 * Of what has come already nothing is read either: Node reads up to 2 MB of it in one turn. Its parser takes bytes from the socket
 * behind the socket's back unless somebody listens to it; it drops a body that nobody has asked for; and `pause` alone comes too late
 * for what is being read. `_handle` is not public: `hostile-input.spec.ts` fails when an upgrade takes it away.
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

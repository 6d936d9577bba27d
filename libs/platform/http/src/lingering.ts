import type { IncomingMessage } from 'node:http';

const LINGER_MS = 2_000;
const LINGER_BYTES = 2 ** 20;
const MAX_LINGERING = 512;
const SWEEP_MS = 200;

interface Lingering {
  until: number;
  bytesAtMost: number;
}

/**
 * Connections whose request was answered before all of it had come: refused, as a rule. A connection that is closed while its client
 * still sends may lose the answer on its way (RFC 9112, 9.6), so what comes is dropped for two seconds or a megabyte. Then, or when
 * there are too many, the connection is closed; one whose request has come to its end stays.
 */
export class LingeringConnections {
  private readonly all = new Map<IncomingMessage, Lingering>();
  private sweep: NodeJS.Timeout | null = null;

  /** Called when the answer has been sent. */
  add(request: IncomingMessage): void {
    if (request.complete || request.destroyed) return;
    const [oldest] = this.all.size >= MAX_LINGERING ? this.all.keys() : [];
    if (oldest) this.close(oldest);
    this.all.set(request, {
      until: performance.now() + LINGER_MS,
      bytesAtMost: request.socket.bytesRead + LINGER_BYTES,
    });
    this.sweep ??= setInterval(() => this.closeSome(), SWEEP_MS).unref();
  }

  private closeSome(): void {
    const now = performance.now();
    for (const [request, { until, bytesAtMost }] of this.all) {
      const { complete, socket } = request;
      if (complete || socket.destroyed) this.all.delete(request);
      else if (now >= until || socket.bytesRead > bytesAtMost) this.close(request);
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

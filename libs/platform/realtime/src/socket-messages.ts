import { Injectable, SetMetadata, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { invalid, type RequestContext } from '#caas/kernel';
import { chargeOf, RateLimits, type Charge } from '#caas/platform/limits';
import { readPayload } from './checked-decoder';

const SOCKET_MESSAGE = Symbol('socket message');

/** Handled by the gateway itself, since it concerns the socket. */
export const SESSION_RENEW = 'session.renew';

interface Declared {
  event: string;
  dto: Type<object>;
}

type Handle = (ctx: RequestContext, payload: object, socketId: string) => Promise<unknown>;

interface Handler {
  dto: Type<object>;
  charge: Charge;
  handle: Handle;
}

/**
 * Marks a method as the handler of a client's message. It receives the context, the validated payload and the id of the socket,
 * and returns `data`.
 */
export const SocketMessage = (event: string, dto: Type<object>): MethodDecorator =>
  SetMetadata(SOCKET_MESSAGE, { event, dto } satisfies Declared);

/** Every message that clients may send, and its handler. Two handlers for one message stop the start. */
@Injectable()
export class SocketMessages {
  private readonly handlers = new Map<string, Handler>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly limits: RateLimits,
  ) {}

  collect(): void {
    for (const { instance } of this.discovery.getProviders() as { instance?: object }[]) {
      if (!instance || typeof instance !== 'object') continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
      if (!prototype) continue;
      for (const name of this.scanner.getAllMethodNames(prototype)) this.add(instance, prototype[name]);
    }
  }

  get names(): string[] {
    return [...this.handlers.keys(), SESSION_RENEW];
  }

  isKnown(event: string): boolean {
    return this.handlers.has(event) || event === SESSION_RENEW;
  }

  /** The charge of a message against the rate limits, as for the same call over REST; null for an unknown message. */
  chargeOf(event: string): Charge | null {
    return this.handlers.get(event)?.charge ?? null;
  }

  /** @throws CaasError `unknown_message`, `validation_failed`, `malformed_body` (400), `rate_limited` (429), and whatever the handler throws */
  async answer(
    event: unknown,
    payload: unknown,
    socketId: string,
    openContext: () => Promise<RequestContext>,
  ): Promise<unknown> {
    // Socket.IO allows a number as the name of an event.
    const handler = typeof event === 'string' ? this.handlers.get(event) : undefined;
    if (!handler) throw invalid('unknown_message', `There is no message "${shown(event)}".`);
    const ctx = await openContext();
    await this.limits.require(ctx, handler.charge);
    return handler.handle(ctx, readPayload(handler.dto, payload), socketId);
  }

  private add(instance: object, method: unknown): void {
    if (typeof method !== 'function') return;
    const declared = Reflect.getMetadata(SOCKET_MESSAGE, method) as Declared | undefined;
    if (!declared) return;
    if (this.handlers.has(declared.event)) throw new Error(`Two methods answer the message ${declared.event}`);
    this.handlers.set(declared.event, {
      dto: declared.dto,
      charge: chargeOf(method, null, null),
      handle: (method as Handle).bind(instance),
    });
  }
}

const shown = (event: unknown) => String(event).slice(0, 64).toWellFormed();

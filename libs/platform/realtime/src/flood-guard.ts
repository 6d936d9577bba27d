import { Injectable } from '@nestjs/common';
import { CaasError, invalid, type RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { RateLimits, type Charge } from '#caas/platform/limits';
import { Log } from '#caas/platform/logging';
import type { ClientSocket } from './client-socket';
import type { InFlightCounter } from './in-flight-counter';
import { FloodDetector } from './flood-detector';
import type { GuardedConnection } from './guarded-connection';
import { interceptPackets, type UnreadMessage } from './intercept-packets';
import { realtimeConfig } from './realtime.config';
import { RejectionBatcher, type Rejecting } from './rejection-batcher';
import { SocketMessages } from './socket-messages';

const KEPT_OUT_SECONDS = 10;
/** A handshake looks up all of the user's conversations. */
const HANDSHAKE: Charge = { rateClass: 'connect', points: 1 };

const rejectingWith = (code: string, detail: string): Rejecting => ({ refusal: () => invalid(code, detail) });
const NO_SUCH_MESSAGE = rejectingWith('unknown_message', 'There is no message of this name.');
const BINARY = rejectingWith('validation_failed', 'The payload must be JSON, without binary data.');
const UNREADABLE = rejectingWith('malformed_packet', 'The packet is not valid JSON.');

/** Protects other clients from one that floods: excess messages are refused from memory, without parsing and without I/O. */
@Injectable()
export class FloodGuard {
  constructor(
    private readonly limits: RateLimits,
    private readonly messages: SocketMessages,
    private readonly log: Log,
    @InjectConfig(realtimeConfig) private readonly config: ConfigOf<typeof realtimeConfig>,
  ) {}

  /** @throws CaasError `rate_limited` (429) for a user who connects too often or was just cut off */
  admit(ctx: RequestContext): Promise<void> {
    return this.limits.require(ctx, HANDSHAKE);
  }

  /** From now on, messages that the client may not send are refused before they are parsed. A client that keeps flooding is cut off. */
  watch(client: ClientSocket, connection: GuardedConnection, inFlight: InFlightCounter): void {
    const rejections = new RejectionBatcher(client.socket.conn, inFlight);
    const detector = new FloodDetector(this.config.SOCKET_MESSAGES_PER_SECOND, performance.now());
    const cut = (reason: CaasError): void => {
      rejections.flush();
      this.cutOff(client, connection, reason);
    };
    connection.accept(cut);
    interceptPackets(client.socket, {
      isDone: (packet) => {
        if (detector.arrived(performance.now())) {
          cut(this.flooding());
          return true;
        }
        switch (packet.kind) {
          case 'disconnect':
            return false;
          // socket.io refuses the packet itself: there is only one namespace.
          case 'connect':
            return !connection.countControl();
          case 'attachment':
          case 'acknowledgement':
            connection.countControl();
            return true;
          case 'unknown':
            connection.reject('This is no packet that a client of socket.io 4 sends.');
            return true;
        }
        const rejecting = this.rejecting(client, packet);
        if (rejecting && packet.id) rejections.add(packet.id, rejecting);
        return rejecting !== null;
      },
      unreadable: (packet) => {
        if (packet.kind === 'event' && packet.id) rejections.add(packet.id, UNREADABLE);
        else connection.reject('This is not valid JSON.');
      },
    });
  }

  /** What refuses a message; null when the message is to be parsed. */
  private rejecting(client: ClientSocket, packet: UnreadMessage): Rejecting | null {
    if (!client.spend()) return client;
    if (packet.kind === 'binary-event') return BINARY;
    if (packet.event === undefined || !this.messages.isKnown(packet.event)) return NO_SUCH_MESSAGE;
    const { principal } = client;
    const charge = this.messages.chargeOf(packet.event);
    const subject = { tenantId: principal.tenantId, userId: principal.user.user_id.toHexString() };
    return charge && this.limits.exhausted(subject, charge);
  }

  private flooding(): CaasError {
    const detail = `More than ten times ${this.config.SOCKET_MESSAGES_PER_SECOND} messages a second, for seconds.`;
    return new CaasError('too_many', 'rate_limited', detail);
  }

  private cutOff(client: ClientSocket, connection: GuardedConnection, reason: CaasError): void {
    const { principal } = client;
    const { code, message, kind } = reason;
    this.log.root.warn({ tenant_id: principal.tenantId, code, detail: message }, 'a client was cut off');
    const isFlood = kind === 'too_many';
    if (isFlood) {
      this.keepOut(client).catch((error: unknown) => {
        this.log.root.warn(
          { err: error, tenant_id: principal.tenantId },
          'a client that was cut off may connect again',
        );
      });
    }
    const retry = isFlood ? { retryAfterSeconds: KEPT_OUT_SECONDS } : {};
    client.end('connection.cut', new CaasError(kind, code, message, [], retry));
    connection.stopReading();
    client.cutOffSoon();
  }

  private async keepOut(client: ClientSocket): Promise<void> {
    await this.limits.block(await client.context(), HANDSHAKE.rateClass, KEPT_OUT_SECONDS);
  }
}

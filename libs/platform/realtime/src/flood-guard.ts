import { Injectable } from '@nestjs/common';
import { CaasError, type RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { RateLimits, type Charge } from '#caas/platform/limits';
import { Log } from '#caas/platform/logging';
import { RejectionBatcher } from './rejection-batcher';
import { interceptPackets } from './intercept-packets';
import type { ClientSocket } from './client-socket';
import { FloodDetector } from './flood-detector';
import type { UnderWay } from './farewell';
import { realtimeConfig } from './realtime.config';
import { SocketMessages } from './socket-messages';

const KEPT_OUT_SECONDS = 10;
/** A handshake looks up all of the user's conversations. */
const HANDSHAKE: Charge = { rateClass: 'connect', points: 1 };

/** Keeps one who sends without measure from costing the others anything: what is refused here is refused from memory. */
@Injectable()
export class FloodGuard {
  constructor(
    private readonly limits: RateLimits,
    private readonly messages: SocketMessages,
    private readonly log: Log,
    @InjectConfig(realtimeConfig) private readonly config: ConfigOf<typeof realtimeConfig>,
  ) {}

  /** @throws CaasError `rate_limited` (429) for a user who connects too often, or was cut off just now */
  admit(ctx: RequestContext): Promise<void> {
    return this.limits.require(ctx, HANDSHAKE);
  }

  /** From now on what the client may not send is refused unread; one that goes on and on is cut off. */
  watch(client: ClientSocket, underWay: UnderWay): void {
    const rejections = new RejectionBatcher(client.socket.conn, underWay);
    const detector = new FloodDetector(this.config.SOCKET_MESSAGES_PER_SECOND, performance.now());
    const subject = { tenantId: client.principal.tenantId, userId: client.principal.user.user_id.toHexString() };
    interceptPackets(client.socket, ({ event, id }) => {
      if (detector.arrived(performance.now())) {
        rejections.flush();
        this.cutOff(client);
        return true;
      }
      if (event === undefined) return false;
      const charge = this.messages.chargeOf(event);
      const rejecting = client.isShut() ? client : charge && this.limits.shut(subject, charge);
      if (!rejecting) return false;
      if (id) rejections.add(id, rejecting);
      return true;
    });
  }

  private cutOff(client: ClientSocket): void {
    const { principal } = client;
    this.log.root.warn({ tenant_id: principal.tenantId }, 'a client that sent without measure was cut off');
    this.keepOut(client).catch((error: unknown) => {
      this.log.root.warn({ err: error, tenant_id: principal.tenantId }, 'a client that was cut off may connect again');
    });
    const detail = `More than ten times ${this.config.SOCKET_MESSAGES_PER_SECOND} messages a second, for seconds.`;
    const retry = { retryAfterSeconds: KEPT_OUT_SECONDS };
    client.end('connection.cut', new CaasError('too_many', 'rate_limited', detail, [], retry));
    client.cutOffSoon();
  }

  private async keepOut(client: ClientSocket): Promise<void> {
    await this.limits.withhold(await client.context(), HANDSHAKE.rateClass, KEPT_OUT_SECONDS);
  }
}

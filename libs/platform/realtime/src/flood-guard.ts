import { Injectable } from '@nestjs/common';
import { CaasError } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { Log } from '#caas/platform/logging';
import { BatchedRefusals } from './batched-refusals';
import { beforeParsing } from './before-parsing';
import type { ClientSocket } from './client-socket';
import { Excess } from './excess';
import type { UnderWay } from './farewell';
import { Handshakes } from './handshakes';
import { MessageGates } from './message-gates';
import type { SocketPrincipal } from './ports';
import { realtimeConfig } from './realtime.config';

const KEPT_OUT_SECONDS = 10;

/** Keeps one who sends without measure from costing the others anything. All of it is this process' own: nobody else is asked. */
@Injectable()
export class FloodGuard {
  private readonly handshakes = new Handshakes();

  constructor(
    private readonly gates: MessageGates,
    private readonly log: Log,
    @InjectConfig(realtimeConfig) private readonly config: ConfigOf<typeof realtimeConfig>,
  ) {}

  /** @throws CaasError `rate_limited` (429) for a user who connects too often, or was cut off just now */
  admit(principal: SocketPrincipal): void {
    this.handshakes.spend(principal);
  }

  /** From now on what the client may not send is refused unread; one that goes on and on is cut off. */
  watch(client: ClientSocket, underWay: UnderWay): void {
    const refusals = new BatchedRefusals(client.socket.conn, underWay);
    const excess = new Excess(this.config.SOCKET_MESSAGES_PER_SECOND, performance.now());
    const { tenantId } = client.principal;
    beforeParsing(client.socket, ({ event, id }) => {
      if (excess.arrived(performance.now())) {
        refusals.flush();
        this.cutOff(client);
        return true;
      }
      if (event === undefined) return false;
      const gate = client.isShut() ? client : this.gates.of(event);
      if (!gate?.isShut(tenantId)) return false;
      if (id) refusals.add(id, gate);
      return true;
    });
  }

  private cutOff(client: ClientSocket): void {
    const { principal } = client;
    this.log.root.warn({ tenant_id: principal.tenantId }, 'a client that sent without measure was cut off');
    this.handshakes.withhold(principal, KEPT_OUT_SECONDS);
    const detail = `More than ten times ${this.config.SOCKET_MESSAGES_PER_SECOND} messages a second, for seconds.`;
    const retry = { retryAfterSeconds: KEPT_OUT_SECONDS };
    client.end('connection.cut', new CaasError('too_many', 'rate_limited', detail, [], retry));
    client.cutOffSoon();
  }
}

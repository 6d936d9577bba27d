import type { RequestContext, TenantId, UserReference } from '#caas/kernel';
import type { EventEnvelope } from '#caas/contracts';

/** Who is behind a socket. */
export interface SocketPrincipal {
  readonly tenantId: TenantId;
  readonly user: UserReference;
  readonly sessionId: string | null;
  /** Milliseconds since 1970: the token's `exp`. */
  readonly expiresAt: number;
  /**
   * A context for one message, as things are now.
   * @throws CaasError when the tenant, the user or the session is no longer what the token says
   */
  context(requestId: string): Promise<RequestContext>;
}

/** Where a connection comes from. */
export interface SocketPeer {
  /** The other end of it: a client, or the nearest proxy. */
  readonly address: string;
  /** The header `X-Forwarded-For`. */
  readonly forwardedFor: string | undefined;
}

/** `libs/access` answers. */
export abstract class SocketAuthenticator {
  /** @throws CaasError as over HTTP */
  abstract authenticate(token: unknown, requestId: string, peer: SocketPeer): Promise<SocketPrincipal>;

  /** Whose address a connection is from, as limits see it: behind the trusted proxies, an IPv6 address as its /64. */
  abstract addressOf(peer: SocketPeer): string;
}

/** Whoever keeps the tenants' settings answers; without an answer, no web page of another origin may connect. */
export abstract class SocketOrigins {
  /** Does the tenant allow web pages of `origin`? */
  abstract isListed(ctx: RequestContext, origin: string): Promise<boolean>;
}

/** Whoever knows how many sockets a tenant and its users may have answers; without an answer, as many as come. */
export abstract class SocketPlaces {
  /**
   * Takes a place for one more.
   * @returns what gives it back; it may be called more than once
   * @throws CaasError `quota_exceeded` (402), `too_many_connections` (429)
   */
  abstract take(principal: SocketPrincipal): Promise<() => void>;
}

/** `libs/domain/messaging` answers. */
export abstract class ConversationFeed {
  /** Ids of the conversations the context's user is in. */
  abstract conversationsOf(ctx: RequestContext): Promise<string[]>;

  /** Those among users, by id, that are in a conversation now. */
  abstract membersAmong(tenantId: TenantId, conversationId: string, userIds: string[]): Promise<ReadonlySet<string>>;

  /**
   * Events of a conversation with `afterRev < rev < beforeRev`, in order: what a process did not hear of in time. `hiddenFrom`
   * has the ids of members who are not told.
   */
  abstract missed(
    tenantId: TenantId,
    conversationId: string,
    afterRev: number,
    beforeRev: number,
  ): Promise<{ envelope: EventEnvelope; hiddenFrom: string[] }[]>;
}

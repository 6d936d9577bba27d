import type { RequestContext, TenantId, UserReference } from '#caas/kernel';
import type { EventEnvelope } from '#caas/contracts';

/** The authenticated user of a socket. */
export interface SocketPrincipal {
  readonly tenantId: TenantId;
  readonly user: UserReference;
  readonly sessionId: string | null;
  /** Milliseconds since 1970: the token's `exp`. */
  readonly expiresAt: number;
  /**
   * A context for one message, from the current state of tenant, user and session.
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

  /** The client address that limits count by: behind the trusted proxies, an IPv6 address as its /64. */
  abstract addressOf(peer: SocketPeer): string;
}

/** Implemented by the library of the tenants' settings. Without an implementation, no web page of another origin may connect. */
export abstract class SocketOrigins {
  /** Whether the tenant allows web pages of `origin`. */
  abstract isListed(ctx: RequestContext, origin: string): Promise<boolean>;
}

/**
 * Implemented by the library that knows how many sockets a tenant and its users may have. Without an implementation, the number
 * is not limited.
 */
export abstract class ConnectionQuotaPort {
  /**
   * Reserves a place for one more socket.
   * @returns a function that releases the place; it may be called more than once
   * @throws CaasError `quota_exceeded` (402), `too_many_connections` (429)
   */
  abstract take(principal: SocketPrincipal): Promise<() => void>;
}

/** An event that a process did not receive in time, rebuilt from the database. */
export interface MissedEvent {
  envelope: EventEnvelope;
  /** Ids of members who must not receive the event. */
  hiddenFrom: string[];
  /** Of a message: the conversation's `rev` as the accepting process knew it. Never sent to clients. */
  afterRev?: number;
  /** Of a change: the message's `rev` before it. Never sent to clients. */
  baseRev?: number;
}

/** `libs/domain/inbox` answers. */
export abstract class ConversationDirectory {
  /** Ids of the conversations the context's user is in. */
  abstract conversationsOf(ctx: RequestContext): Promise<string[]>;

  /** Ids of the given users who are members of the conversation now. */
  abstract membersAmong(tenantId: TenantId, conversationId: string, userIds: string[]): Promise<ReadonlySet<string>>;

  /**
   * `message.created` of the messages with `afterSeq < seq < beforeSeq`, in order; only the first of them when there are too
   * many. A `seq` missing in between does not exist.
   */
  abstract missedMessages(
    tenantId: TenantId,
    conversationId: string,
    afterSeq: number,
    beforeSeq: number,
  ): Promise<MissedEvent[]>;

  /**
   * `message.updated` or `message.deleted` of the messages whose last change has `afterRev < rev < beforeRev`, in order of `rev`.
   * No other change leaves a trace.
   */
  abstract missedChanges(
    tenantId: TenantId,
    conversationId: string,
    afterRev: number,
    beforeRev: number,
  ): Promise<MissedEvent[]>;
}

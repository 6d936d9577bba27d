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
export abstract class ConnectionQuotaPort {
  /**
   * Takes a place for one more.
   * @returns what gives it back; it may be called more than once
   * @throws CaasError `quota_exceeded` (402), `too_many_connections` (429)
   */
  abstract take(principal: SocketPrincipal): Promise<() => void>;
}

/** An event that a process did not hear of in time, as the database can still tell it. */
export interface MissedEvent {
  envelope: EventEnvelope;
  /** Ids of members who are not told. */
  hiddenFrom: string[];
  /** Of a message: the conversation's `rev` that the process knew which accepted it. Clients are not told. */
  afterRev?: number;
  /** Of a change: the message's `rev` before it. Clients are not told. */
  baseRev?: number;
}

/** `libs/domain/inbox` answers. */
export abstract class ConversationDirectory {
  /** Ids of the conversations the context's user is in. */
  abstract conversationsOf(ctx: RequestContext): Promise<string[]>;

  /** Those among users, by id, that are in a conversation now. */
  abstract membersAmong(tenantId: TenantId, conversationId: string, userIds: string[]): Promise<ReadonlySet<string>>;

  /**
   * `message.created` of the messages with `afterSeq < seq < beforeSeq`, in order; the first of them when they are too many.
   * What is missing among them does not exist.
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

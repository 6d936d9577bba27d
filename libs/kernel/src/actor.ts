import type { ObjectId } from 'bson';

/** How a document names a user. The display name is a copy that the `references` job keeps fresh. */
export interface UserReference {
  user_id: ObjectId;
  user_external_id: string;
  user_display_name: string;
}

/** An end user: by their own token, or impersonated by the tenant's server with `X-Acting-User`. */
export interface UserActor {
  readonly kind: 'user';
  readonly user: UserReference;
  /** The credential that speaks for the user: `token` may do less than a server key acting as the user. */
  readonly via: 'token' | 'server_key';
  /** Claim `sid` of the token, when it has one. */
  readonly sessionId: string | null;
}

/** The tenant's own server, when it acts as no user. */
export interface ServerActor {
  readonly kind: 'server';
  readonly keyId: string;
}

/** CaaS itself: a job, the command line, provisioning. */
export interface SystemActor {
  readonly kind: 'system';
  readonly name: string;
}

export type Actor = UserActor | ServerActor | SystemActor;

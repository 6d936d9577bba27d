import { Injectable } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';

export type CredentialKind = 'platform_key' | 'server_key' | 'user_token' | 'file_link';

/** A credential while it is looked at. Whoever looks writes down what it names, for the audit line if it is refused. */
export interface CredentialAttempt {
  readonly requestId: string;
  /** The tenant that it says it is of. Proved only where `reason` is `wrong_secret`, which takes a key that exists. */
  tenantId?: TenantId;
  /** The public part: a key's id, a `kid`, a file's id. Never a secret, never a token. */
  keyId?: string;
  /** `wrong_secret`: not the secret, or the signature, of that key. `unknown_key`: the tenant has no such key, or no longer. */
  reason?: 'wrong_secret' | 'unknown_key';
}

/** A credential that was refused. */
export interface FailedAuth {
  credential: CredentialKind;
  /** Of the attempt, or the code of the error. */
  reason: string;
  tenantId: TenantId | null;
  keyId: string | null;
  /** Where it came from: an IPv4 address, or a /64. */
  network: string;
  requestId: string;
}

type Listener = (failure: FailedAuth) => void;

/** Where refused credentials are told; the control plane keeps them in the audit log. */
@Injectable()
export class FailedAuthEvents {
  private readonly listeners = new Set<Listener>();

  /** Calls `listener` for every refusal in this process. It must not throw. */
  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  add(failure: FailedAuth): void {
    for (const listener of this.listeners) listener(failure);
  }
}

import { Injectable } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';

export type CredentialKind = 'platform_key' | 'server_key' | 'user_token' | 'file_link';

/** A credential during its verification. The verifier notes here what the credential names, for the audit line if it is refused. */
export interface CredentialAttempt {
  readonly requestId: string;
  /** The tenant that the credential names. Verified only if `reason` is `wrong_secret`, which requires an existing key. */
  tenantId?: TenantId;
  /** The public part: a key's id, a `kid`, a file's id. Never a secret, never a token. */
  keyId?: string;
  /**
   * `wrong_secret`: the secret or the signature does not belong to that key. `unknown_key`: the tenant does not have such a key,
   * or no longer has it.
   */
  reason?: 'wrong_secret' | 'unknown_key';
}

/** A credential that was refused. */
export interface FailedAuth {
  credential: CredentialKind;
  /** The reason of the attempt, or the error's code. */
  reason: string;
  tenantId: TenantId | null;
  keyId: string | null;
  /** The network of the caller: an IPv4 address, or a /64. */
  network: string;
  requestId: string;
}

type Listener = (failure: FailedAuth) => void;

/** Publishes refused credentials; the control plane writes them to the audit log. */
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

import { Injectable } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';

/** A credential of the right form that does not fit: who holds it may be trying another tenant's door. */
export interface CredentialRefusal {
  credential: 'server_key' | 'user_token';
  /** `wrong_secret`: not the secret, or the signature, of that key. `unknown_key`: the tenant has no such key, or no longer. */
  reason: 'wrong_secret' | 'unknown_key';
  /** The tenant whose door it was. */
  tenantId: TenantId;
  /** The public part: a key's id or `kid`. Never a secret, never a token. */
  keyId: string;
  requestId: string;
}

type Listener = (refusal: CredentialRefusal) => void;

/** Where refused credentials are told; the control plane keeps them in the audit log. */
@Injectable()
export class CredentialRefusals {
  private readonly listeners = new Set<Listener>();

  /** Calls `listener` for every refusal in this process. It must not throw. */
  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  add(refusal: CredentialRefusal): void {
    for (const listener of this.listeners) listener(refusal);
  }
}

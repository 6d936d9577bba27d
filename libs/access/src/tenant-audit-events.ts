import { Injectable } from '@nestjs/common';
import type { RequestContext, TenantId } from '#caas/kernel';

/** A change to a tenant by its own server or an operator, for the audit log: names of settings, never values. */
export interface TenantAct {
  action: 'settings.changed' | 'settings.granted';
  tenantId: TenantId;
  /** The actor: `server_key` and, unless it acted as a user, its id; or the operator. */
  actor: string;
  requestId: string;
  details: Record<string, unknown>;
}

type Listener = (act: TenantAct) => void;

/** Publishes such changes after they are made; the control plane writes them to the audit log. */
@Injectable()
export class TenantAuditEvents {
  private readonly listeners = new Set<Listener>();

  /** Calls `listener` for every such change in this process. It must not throw. */
  on(listener: Listener): void {
    this.listeners.add(listener);
  }

  add(
    { actor, tenantId, requestId }: RequestContext,
    action: TenantAct['action'],
    details: TenantAct['details'],
  ): void {
    const name =
      actor.kind === 'server' ? `server_key:${actor.keyId}` : actor.kind === 'system' ? actor.name : 'server_key';
    for (const listener of this.listeners) listener({ action, tenantId, actor: name, requestId, details });
  }
}

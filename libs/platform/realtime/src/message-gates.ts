import { Injectable } from '@nestjs/common';
import type { CaasError, TenantId } from '#caas/kernel';

/** Whether messages of one kind are refused now. It is asked before anything of a message is parsed, and so must cost nothing. */
export interface MessageGate {
  isShut(tenantId: TenantId): boolean;
  refusal(): CaasError;
}

/** Where domains say that a message may be refused by its name and its tenant alone. */
@Injectable()
export class MessageGates {
  private readonly gates = new Map<string, MessageGate>();

  set(event: string, gate: MessageGate): void {
    this.gates.set(event, gate);
  }

  of(event: string): MessageGate | undefined {
    return this.gates.get(event);
  }
}

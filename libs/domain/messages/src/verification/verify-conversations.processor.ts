import { Injectable } from '@nestjs/common';
import { verifyConversations } from '#caas/contracts';
import type { TenantId } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { Handles, type SystemJobHandler } from '#caas/platform/queue';
import { RequestContexts, TenantDirectory } from '#caas/tenancy';
import { ConversationCountsVerifier } from './conversation-counts-verifier';

/** Verifies the counters of one tenant after another, forever, and logs an error for those that are wrong. */
@Injectable()
@Handles(verifyConversations)
export class VerifyConversationsProcessor implements SystemJobHandler {
  private last: TenantId | null = null;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly tenants: TenantDirectory,
    private readonly verifier: ConversationCountsVerifier,
    private readonly log: Log,
  ) {}

  async handle(): Promise<string | null> {
    const [tenant] = await this.tenants.list(this.last, 1);
    this.last = tenant?.id ?? null;
    if (!tenant) return null;
    const ctx = this.contexts.open(
      tenant,
      { kind: 'system', name: verifyConversations.name },
      verifyConversations.name,
    );
    const { drift, drifts, conversations } = await this.verifier.verify(ctx);
    if (drift === 0) return null;
    this.log.of(ctx).error({ drift, drifts, conversations }, 'counters are not what they count');
    return `${drift} counters of ${tenant.id} are not what they count`;
  }
}

import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { MessagePolicy } from '#caas/domain/messages';
import type { Message } from '#caas/domain/messages';
import { ModerationCases } from './moderation-cases';
import { TextModeration } from '../texts/text-moderation';

/** Tells messages which texts may be sent, and which of them moderators must review. */
@Injectable()
export class ModerationMessagePolicy extends MessagePolicy {
  constructor(
    private readonly moderation: TextModeration,
    private readonly cases: ModerationCases,
  ) {
    super();
  }

  override admit(ctx: RequestContext, texts: string[]) {
    return this.moderation.admit(ctx, texts);
  }

  override flag(tx: RequestContext, messages: Message[]): Promise<void> {
    return this.cases.flag(tx, messages);
  }
}

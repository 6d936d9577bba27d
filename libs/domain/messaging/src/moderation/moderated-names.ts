import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { NameRules } from '#caas/domain/users';
import { TextModeration } from './text-moderation';

/** Answers users' question: what may somebody, or something, be called? */
@Injectable()
export class ModeratedNames extends NameRules {
  constructor(private readonly moderation: TextModeration) {
    super();
  }

  override admit(ctx: RequestContext, name: string): Promise<string> {
    return this.moderation.admitName(ctx, name);
  }
}

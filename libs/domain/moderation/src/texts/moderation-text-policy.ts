import { Injectable } from '@nestjs/common';
import { forbidden, type RequestContext } from '#caas/kernel';
import { TextPolicy } from '#caas/domain/users';
import { TextModeration } from './text-moderation';

/** Tells users, groups and media which texts may be stored. */
@Injectable()
export class ModerationTextPolicy extends TextPolicy {
  constructor(private readonly moderation: TextModeration) {
    super();
  }

  override admitName(ctx: RequestContext, name: string): Promise<string> {
    return this.moderation.admitOther(ctx, name, nameBlocked);
  }

  override admitText(ctx: RequestContext, text: string): Promise<string> {
    return this.moderation.admitOther(ctx, text, textBlocked);
  }
}

const nameBlocked = () => forbidden('name_blocked', 'This tenant does not allow such a name.');
const textBlocked = () => forbidden('text_blocked', 'This tenant does not allow such a text.');

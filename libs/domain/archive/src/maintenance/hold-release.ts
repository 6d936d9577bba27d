import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { KeptContents } from '#caas/domain/messages';
import { ArchiveHolds, type HoldSubject } from '../archiving/holds';

/** Lifts a legal hold, and deletes what users had deleted while it was in force. */
@Injectable()
export class HoldRelease {
  constructor(
    private readonly holds: ArchiveHolds,
    private readonly kept: KeptContents,
  ) {}

  /** @returns whether a hold was removed */
  async lift(ctx: RequestContext, subject: HoldSubject): Promise<boolean> {
    const wasHeld = await this.holds.lift(ctx, subject);
    const others = await this.holds.of(ctx);
    await this.kept.release(ctx, (message) => others.keepsLegally(message));
    return wasHeld;
  }
}

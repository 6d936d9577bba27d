import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { KeptContents } from '#caas/domain/messages';
import { ArchiveHolds, type HoldSubject } from '../archiving/holds';

/** The end of a legal hold: what users had deleted meanwhile goes, as it would have gone without the hold. */
@Injectable()
export class HoldRelease {
  constructor(
    private readonly holds: ArchiveHolds,
    private readonly kept: KeptContents,
  ) {}

  /** @returns whether there was one */
  async lift(ctx: RequestContext, subject: HoldSubject): Promise<boolean> {
    const wasHeld = await this.holds.lift(ctx, subject);
    const others = await this.holds.of(ctx);
    await this.kept.release(ctx, (message) => others.keepsLegally(message));
    return wasHeld;
  }
}

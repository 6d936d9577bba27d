import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { Settings } from '#caas/domain/settings';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { archiveConfig } from '../archive.config';
import { archiveSettingsOf } from '../archive.settings';

export interface ArchiveRules {
  /** 0: archive every message that has been sent. */
  afterDays: number;
  /** Null: messages never expire. */
  retentionDays: number | null;
}

/** When a tenant's messages are archived, and how long they are then kept. */
export abstract class ArchivePolicy {
  /** @param ctx not of a transaction */
  abstract of(ctx: RequestContext): Promise<ArchiveRules>;
}

/** Reads the rules from the tenant's settings, which default to the deployment's. */
@Injectable()
export class TenantArchivePolicy extends ArchivePolicy {
  private readonly section: ReturnType<typeof archiveSettingsOf>;

  constructor(
    private readonly settings: Settings,
    @InjectConfig(archiveConfig) config: ConfigOf<typeof archiveConfig>,
  ) {
    super();
    this.section = archiveSettingsOf(config);
  }

  override async of(ctx: RequestContext): Promise<ArchiveRules> {
    const { after_days, retention_days } = await this.settings.of(ctx, this.section);
    return { afterDays: after_days, retentionDays: retention_days };
  }
}

/** Messages sent before this date expire; null: no message expires. */
export const retentionCutoff = ({ retentionDays }: ArchiveRules, now: Date): Date | null =>
  retentionDays === null ? null : new Date(now.getTime() - retentionDays * DAY_MS);

const DAY_MS = 24 * 60 * 60_000;
const MONTH_DAYS = 31;

/**
 * Messages sent before this date are archived. Rounded down to a month, so that each month becomes one segment, unless `afterDays` is
 * shorter than a month.
 */
export function cutoffOf(afterDays: number, now: Date): Date {
  if (afterDays === 0) return new Date(8.64e15);
  const cutoff = new Date(now.getTime() - afterDays * DAY_MS);
  return afterDays < MONTH_DAYS ? cutoff : new Date(Date.UTC(cutoff.getUTCFullYear(), cutoff.getUTCMonth()));
}

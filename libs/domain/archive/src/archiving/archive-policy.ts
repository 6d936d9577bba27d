import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { archiveConfig } from '../archive.config';

export interface ArchiveRules {
  /** 0: everything already sent. */
  afterDays: number;
  /** Null: for good. */
  retentionDays: number | null;
}

/** When a tenant's messages move. */
export abstract class ArchivePolicy {
  abstract of(ctx: RequestContext): Promise<ArchiveRules>;
}

/** The same for all tenants. */
@Injectable()
export class ConfiguredArchivePolicy extends ArchivePolicy {
  constructor(@InjectConfig(archiveConfig) private readonly config: ConfigOf<typeof archiveConfig>) {
    super();
  }

  override of(): Promise<ArchiveRules> {
    const { ARCHIVE_AFTER_DAYS: afterDays, ARCHIVE_RETENTION_DAYS: days } = this.config;
    return Promise.resolve({ afterDays, retentionDays: days === 0 ? null : days });
  }
}

const DAY_MS = 24 * 60 * 60_000;
const MONTH_DAYS = 31;

/** What was sent before this moves. A month moves as a whole, so that it is one segment; unless the time is shorter than one. */
export function cutoffOf(afterDays: number, now: Date): Date {
  if (afterDays === 0) return new Date(8.64e15);
  const cutoff = new Date(now.getTime() - afterDays * DAY_MS);
  return afterDays < MONTH_DAYS ? cutoff : new Date(Date.UTC(cutoff.getUTCFullYear(), cutoff.getUTCMonth()));
}

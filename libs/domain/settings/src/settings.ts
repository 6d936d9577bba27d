import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { forbidden, type RequestContext, type TenantId } from '#caas/kernel';
import { FreshCache, Invalidations } from '#caas/platform/cache';
import { tenantSettings, versionOf } from './persistence/tenant-settings.schema';
import { resolved, type SetSettings } from './settings-registry';
import type { FlagOf, SettingsOf, SettingsSection } from './settings-section';

const MAX_TENANTS = 10_000;
/** Bounds the delay of a change to two seconds even if its invalidation is lost. */
const TIME_TO_LIVE_MS = 1_500;

/** One version of a tenant's settings, with the sections that were asked for so far. */
interface Known {
  version: number;
  set: SetSettings;
  sections: Map<string, unknown>;
}

/** The current settings of a tenant, for code that depends on them. */
@Injectable()
export class Settings implements OnModuleInit {
  private readonly known = new FreshCache<Known>(MAX_TENANTS, TIME_TO_LIVE_MS);
  /** The last version read: while nothing changes, callers get the same object, and so keep what they derived from it. */
  private readonly last = new LRUCache<string, Known>({ max: MAX_TENANTS });

  private readonly forget = this.invalidations.publisher('settings');

  constructor(private readonly invalidations: Invalidations) {}

  onModuleInit(): void {
    this.invalidations.on('settings', ({ tenantId }) => this.known.forget(tenantId));
  }

  /**
   * Returns the same object until the tenant's settings change, so values derived from it can be cached by identity.
   * @param ctx outside a transaction, because other requests share what it reads
   */
  async of<S extends SettingsSection>(ctx: RequestContext, section: S): Promise<SettingsOf<S>> {
    const { tenantId, tenant } = ctx;
    const { set, sections } = await this.known.get(tenantId, () => this.read(ctx));
    const key = `${section.name}:${tenant.tier}`;
    const values = sections.get(key) ?? Object.freeze(resolved(section, set, tenant.tier));
    sections.set(key, values);
    return values as SettingsOf<S>;
  }

  /** After the commit. */
  changed(tenantId: TenantId): void {
    this.forget(tenantId, tenantId);
  }

  /** @throws CaasError `feature_disabled` (403) when the tenant has switched the feature off */
  async requireOn<S extends SettingsSection>(ctx: RequestContext, section: S, name: FlagOf<S>): Promise<void> {
    if ((await this.of(ctx, section))[name]) return;
    throw forbidden('feature_disabled', `This tenant does without: its setting ${section.name}.${name} is off.`);
  }

  private async read(ctx: RequestContext): Promise<Known> {
    const row = await ctx.repository(tenantSettings).findOne({});
    const version = versionOf(row);
    const last = this.last.get(ctx.tenantId);
    if (last?.version === version) return last;
    const set = { values: row?.values ?? {}, granted: row?.granted ?? {} };
    const known = { version, set, sections: new Map<string, unknown>() };
    this.last.set(ctx.tenantId, known);
    return known;
  }
}

import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { FreshCache, Invalidations } from '#caas/platform/cache';
import { tenantSettings } from './persistence/tenant-settings.schema';
import { resolved, type StoredSettings } from './settings-registry';
import type { SettingsOf, SettingsSection } from './settings-section';

const MAX_TENANTS = 10_000;
/** So that a change is live everywhere within two seconds even when nobody can be told of it. */
const TIME_TO_LIVE_MS = 1_500;

/** The settings of a tenant as they are now, for whoever acts by them. */
@Injectable()
export class Settings implements OnModuleInit {
  private readonly known = new FreshCache<StoredSettings>(MAX_TENANTS, TIME_TO_LIVE_MS);

  constructor(private readonly invalidations: Invalidations) {}

  onModuleInit(): void {
    this.invalidations.on(({ kind, tenantId }) => {
      if (kind === 'settings') this.known.forget(tenantId);
    });
  }

  async of<S extends SettingsSection>(ctx: RequestContext, section: S): Promise<SettingsOf<S>> {
    const stored = await this.known.get(ctx.tenantId, () => this.read(ctx));
    return resolved(section, stored[section.name], ctx.tenant.tier) as SettingsOf<S>;
  }

  private async read(ctx: RequestContext): Promise<StoredSettings> {
    return (await ctx.repository(tenantSettings).findOne({}))?.values ?? {};
  }
}

import { Injectable } from '@nestjs/common';
import { DuplicateKeyError, type Preconditions, type RequestContext } from '#caas/kernel';
import { TenantAuditEvents } from '#caas/access';
import { tenantSettings, versionOf, type TenantSettings } from './persistence/tenant-settings.schema';
import { Settings } from './settings';
import { namesIn, SettingsRegistry, type StoredSettings } from './settings-registry';

export interface CurrentSettings {
  values: StoredSettings;
  version: number;
}

/** Reading and changing the settings of a tenant, by its server. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly registry: SettingsRegistry,
    private readonly settings: Settings,
    private readonly acts: TenantAuditEvents,
  ) {}

  /** @throws CaasError `server_key_required` (403) */
  async get(ctx: RequestContext): Promise<CurrentSettings> {
    ctx.requireServer();
    return this.current(ctx, await ctx.repository(tenantSettings).findOne({}));
  }

  /**
   * Type, limits, default and purpose of every setting, for the tenant's tier and what it was granted.
   * @throws CaasError `server_key_required` (403)
   */
  async describe(ctx: RequestContext): Promise<Record<string, Record<string, unknown>>> {
    ctx.requireServer();
    const row = await ctx.repository(tenantSettings).findOne({});
    return this.registry.describe(ctx.tenant.tier, row?.granted);
  }

  /**
   * Applies all changes or none; settings that are not named stay unchanged.
   * @throws CaasError `server_key_required` (403), `invalid_settings` (400), `stale_version` (412)
   */
  async change(
    ctx: RequestContext,
    changes: Record<string, unknown>,
    preconditions: Preconditions,
  ): Promise<CurrentSettings> {
    ctx.requireServer();
    const row = await this.writeOnce(ctx, changes, preconditions).catch((error: unknown) => {
      // Of two concurrent first changes, the second finds the row of the first.
      if (error instanceof DuplicateKeyError) return this.writeOnce(ctx, changes, preconditions);
      throw error;
    });
    this.settings.changed(ctx.tenantId);
    const settings = namesIn(changes);
    if (settings.length > 0) this.acts.add(ctx, 'settings.changed', { settings });
    return this.current(ctx, row);
  }

  private writeOnce(ctx: RequestContext, changes: Record<string, unknown>, preconditions: Preconditions) {
    return ctx.transaction((tx) => this.write(tx, changes, preconditions));
  }

  private async write(tx: RequestContext, changes: Record<string, unknown>, preconditions: Preconditions) {
    const repository = tx.repository(tenantSettings);
    const before = await repository.findOne({});
    preconditions.require(versionOf(before));
    const granted = before?.granted ?? {};
    const values = this.registry.apply({ values: before?.values ?? {}, granted }, changes, tx.tenant.tier);
    if (!before) return repository.insertOne({ values, granted });
    return (await repository.findOneAndUpdate({ _id: before._id }, { $set: { values } }, { returning: 'after' }))!;
  }

  private current(ctx: RequestContext, row: TenantSettings | null): CurrentSettings {
    const set = { values: row?.values ?? {}, granted: row?.granted ?? {} };
    return { values: this.registry.resolve(set, ctx.tenant.tier), version: versionOf(row) };
  }
}

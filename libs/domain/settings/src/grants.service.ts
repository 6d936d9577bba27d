import { Injectable } from '@nestjs/common';
import { DuplicateKeyError, type Preconditions, type RequestContext, type TenantId } from '#caas/kernel';
import { TenantAuditEvents, type OperatorContext } from '#caas/access';
import { RequestContexts } from '#caas/tenancy';
import { tenantSettings, type TenantSettings } from './persistence/tenant-settings.schema';
import { Settings } from './settings';
import { namesIn, SettingsRegistry, type StoredSettings } from './settings-registry';

export interface TenantGrants {
  /** What operators have set, by section and name. */
  granted: StoredSettings;
  /** The effective values of all settings. */
  values: StoredSettings;
  /** Counts changes by operators, not those by the tenant. */
  version: number;
}

/**
 * Grants of operators to one tenant. A grant replaces the tier's ceiling with a higher or lower one, which is also the default. Below
 * it, the tenant chooses.
 */
@Injectable()
export class GrantsService {
  constructor(
    private readonly registry: SettingsRegistry,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
    private readonly acts: TenantAuditEvents,
  ) {}

  /** @throws CaasError `tenant_not_found` (404) */
  async get(operator: OperatorContext, tenantId: TenantId): Promise<TenantGrants> {
    const ctx = await this.contextOf(operator, tenantId);
    return this.current(ctx, await ctx.repository(tenantSettings).findOne({}));
  }

  /**
   * Settings that are not named stay unchanged; null removes a grant.
   * @throws CaasError `tenant_not_found` (404), `invalid_settings` (400), `stale_version` (412)
   */
  async change(
    operator: OperatorContext,
    tenantId: TenantId,
    changes: Record<string, unknown>,
    preconditions: Preconditions,
  ): Promise<TenantGrants> {
    const ctx = await this.contextOf(operator, tenantId);
    const write = () => ctx.transaction((tx) => this.write(tx, changes, preconditions));
    const row = await write().catch((error: unknown) => {
      // The tenant's own first change created the row in the meantime: update it.
      if (error instanceof DuplicateKeyError) return write();
      throw error;
    });
    this.settings.changed(tenantId);
    const settings = namesIn(changes);
    if (settings.length > 0) this.acts.add(ctx, 'settings.granted', { settings });
    return this.current(ctx, row);
  }

  private async write(
    tx: RequestContext,
    changes: Record<string, unknown>,
    preconditions: Preconditions,
  ): Promise<TenantSettings> {
    const repository = tx.repository(tenantSettings);
    const before = await repository.findOne({});
    preconditions.require(before?.granted_edition ?? 0);
    const granted = this.registry.grant(before?.granted ?? {}, changes);
    if (!before) return repository.insertOne({ values: {}, granted, granted_edition: 1 });
    const update = { $set: { granted }, $inc: { granted_edition: 1 } };
    return (await repository.findOneAndUpdate({ _id: before._id }, update, { returning: 'after' }))!;
  }

  private current({ tenant }: RequestContext, row: TenantSettings | null): TenantGrants {
    const granted = row?.granted ?? {};
    const values = this.registry.resolve({ values: row?.values ?? {}, granted }, tenant.tier);
    return { granted, values, version: row?.granted_edition ?? 0 };
  }

  private contextOf({ name, requestId }: OperatorContext, tenantId: TenantId): Promise<RequestContext> {
    return this.contexts.openFor(tenantId, { kind: 'system', name }, requestId);
  }
}

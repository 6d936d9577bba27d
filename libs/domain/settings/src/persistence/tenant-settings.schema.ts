import { Prop, Schema } from '@nestjs/mongoose';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import type { StoredSettings } from '../settings-registry';

/** The one row of a tenant. */
@Schema({ minimize: false })
export class TenantSettings extends TenantDocumentBase {
  @Prop({ type: Object, default: {} })
  values: StoredSettings;

  /** What operators have set; nothing that the tenant does changes it. */
  @Prop({ type: Object, default: {} })
  granted: StoredSettings;

  /** Changes of `granted`: the version of an operator's view. Absent: none. */
  @Prop({ type: Number })
  granted_edition?: number;
}

export const tenantSettings = tenantCollection(TenantSettings, {
  name: 'tenant_settings',
  indexes: [{ key: { tenant_id: 1 }, unique: true, serves: 'the settings of the tenant; and there is one row' }],
});

/** Nothing set yet is a version of its own: the first change makes a copy of it stale. */
export const versionOf = (row: TenantSettings | null): number => (row ? row.__v + 1 : 0);

import type { ModelDefinition } from '@nestjs/mongoose';
import { AuditEntry, AuditEntrySchema } from './audit-entry.schema';
import { ServerKey, ServerKeySchema, SigningKeyRecord, SigningKeySchema } from './key.schema';
import { TenantRecord, TenantSchema } from './tenant.schema';

/** The name of the control plane's connection in Nest, and of its database. */
export const PLATFORM = 'platform';
export const PLATFORM_DATABASE = 'caas_platform';

export const PLATFORM_MODELS: ModelDefinition[] = [
  { name: TenantRecord.name, schema: TenantSchema },
  { name: ServerKey.name, schema: ServerKeySchema },
  { name: SigningKeyRecord.name, schema: SigningKeySchema },
  { name: AuditEntry.name, schema: AuditEntrySchema },
];

export { TenantCatalog } from './catalog/tenant-catalog';
export {
  declaredCollections,
  tenantCollection,
  type TenantCollectionDefinition,
  type TenantIndex,
} from './catalog/tenant-collection';
export { TenantDocumentBase } from './catalog/tenant-document';
export { CALL_LIMITS } from './connection/call-limits';
export { MongoMetrics } from './connection/mongo-metrics';
export { TenantConnections } from './connection/tenant-connections';
export { firewallOptions } from './firewall/guarded-connection';
export { RefusalLog } from './firewall/refusal-log';
export { TenantFirewall, type FirewallScope, type Refusal } from './firewall/tenant-firewall';
export { TenantViolation } from './guard/tenant-guard.error';
export { guard, type GuardedModel } from './guard/tenant-guard.plugin';
export { dataMark, placementMark } from './guard/tenant-mark';
export { Outbox } from './outbox/outbox';
export { outbox } from './outbox/outbox-entry.schema';
export { OutboxModule, TenancyJobsModule } from './outbox/outbox.module';
export { OutboxSweeper } from './outbox/outbox-sweeper';
export { placementOf, SHARED_DATABASE } from './placements/placement';
export { indexChanges, type ExistingIndex } from './placements/index-changes';
export { Placements, type IndexChanges, type PlacementDescription } from './placements/placements.service';
export { TenantRotation } from './jobs/tenant-rotation';
export { RequestContexts } from './request-contexts';
export { tenancyConfig } from './tenancy.config';
export { TenancyModule } from './tenancy.module';
export { type TenancyOptions } from './tenancy.options';
export { TenantDirectory } from './tenant-directory';

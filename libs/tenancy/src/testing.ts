export { TenantCatalog } from './catalog/tenant-catalog';
export type { TenantCollectionDefinition } from './catalog/tenant-collection';
export { TenantConnections } from './connection/tenant-connections';
export type { Refusal } from './firewall/tenant-firewall';
export { type GuardedModel, guard } from './guard/tenant-guard.plugin';
export { dataMark } from './guard/tenant-mark';
export { outbox } from './outbox/outbox-entry.schema';
export { OutboxSweeper } from './outbox/outbox-sweeper';

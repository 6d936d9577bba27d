/**
 * What suites are made of: a system, tenants of a suite's own at it, clients of every kind, and waiting.
 *
 * ```ts
 * import { sharedSystem, TIERS, waitFor } from '#caas/testing';
 *
 * const system = sharedSystem();
 *
 * describe.each(TIERS)('Mentions on the tier %s', (tier) => {
 *   const tenant = system.session(tier, 'anna', 'ben');
 *   const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];
 *
 *   it('are listed', async () => {
 *     const room = await tenant.room('anna', ['ben']);
 *     await tenant.send('anna', room, { mentions: ['ben'] });
 *     expect((await ben.get('/v1/mentions')).body.data).toHaveLength(1);
 *   });
 * });
 * ```
 */
export { Caller, roundRobin, type Answer } from './clients/caller';
export { ChatClient, type Told } from './clients/chat-client';
export { DeliveryOrder } from './clients/delivery-order';
export { allOf, freshState, type Get } from './clients/fresh-state';
export { LightSocket } from './clients/light-socket';
export { LiveClient, type LiveEvent } from './clients/live-client';
export { snapshotOf, type Snapshot } from './clients/snapshot';
export { openSocket, SocketClient } from './clients/socket-client';
export { isSecretField } from './clients/secrets';
export type * from './clients/wire';
export {
  checkHistory,
  NO_FAULTS,
  type AcknowledgedSend,
  type HistoryFaults,
  type ReadableMessage,
} from './history/check-history';
export { History, readMessages } from './history/history';
export { mapConcurrent } from './map-concurrent';
export { eventually, patient, waitFor } from './patience';
export { RetryPolicy } from './retry-policy';
export { systemAt, type SystemAccess } from './session/system-access';
export { TenantSession, type Room, type SessionOptions } from './session/tenant-session';
export type { CommandNote } from './system/command-note';
export { OwnSystem, ownSystem, preloading, type OwnSystemOptions } from './system/own-system';
export { sharedSystem, TestSystem, type SystemAddress } from './system/test-system';
export { itOnEachTier, TIERS, type TestedTier } from './tiers';
export { LINEAR_GROWTH, timeGrowth } from './time-growth';

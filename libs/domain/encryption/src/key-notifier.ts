import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import type { EventData } from '#caas/contracts';
import { Log } from '#caas/platform/logging';
import { Digests, Realtime } from '#caas/platform/realtime';
import { Settings } from '#caas/domain/settings';
import { RelationshipsService, viewOfReference } from '#caas/domain/users';
import { PrekeyStock, type Stock } from './claims/prekey-stock';
import { encryptionSettings } from './encryption.settings';
import { PeerDirectory } from './peer-directory';
import type { UserKeys } from './persistence/user-keys.schema';

type KeyChange = EventData<'keys.changed'>['changes'][number];

const MAX_TOLD = 10_000;
/** The low-stock notice for the same stock is not repeated within this time. */
const TOLD_MS = 10_000;
/** Count again after a quarter of the stock above the mark was claimed here, because other processes hand out keys too. */
const UNCOUNTED_PART = 4;

/** Notifies clients of key changes, after the commit. A failure here never fails the request. */
@Injectable()
export class KeyNotifier {
  private readonly told = new LRUCache<string, string>({ max: MAX_TOLD, ttl: TOLD_MS });
  /** How many more claims on this process to skip before a device's stock is counted again. */
  private readonly unhurried = new LRUCache<string, number>({ max: MAX_TOLD, ttl: TOLD_MS });
  /** Devices whose stock is being counted; true when keys were claimed during the count. */
  private readonly counting = new Map<string, boolean>();

  constructor(
    private readonly realtime: Realtime,
    private readonly digests: Digests,
    private readonly audience: PeerDirectory,
    private readonly relationships: RelationshipsService,
    private readonly stock: PrekeyStock,
    private readonly settings: Settings,
    private readonly log: Log,
  ) {}

  /** Notifies the user's own devices at once, and users who share a conversation and are not blocked with this second's digest. */
  tellChange(ctx: RequestContext, keys: UserKeys, change: KeyChange['change'], logIndex: number): void {
    const news: KeyChange = {
      user: viewOfReference(keys.user),
      device_id: keys.device_id,
      signal_device_id: keys.signal_device_id,
      change,
      identity_key: keys.identity_key,
      log_index: logIndex,
    };
    const userId = keys.user.user_id.toHexString();
    this.realtime.publish(ctx, { userId }, { type: 'keys.changed', data: { changes: [news] } });
    this.tellPeers(ctx, keys, news).catch((error: Error) => {
      this.log.of(ctx).warn({ reason: error.message }, 'peers were not told of changed keys');
    });
  }

  /** Counts a device's remaining keys, and notifies its user when they are low. Concurrent claims share one count. */
  notifyIfLow(ctx: RequestContext, keys: UserKeys): void {
    const key = stockKey(ctx, keys);
    const more = this.unhurried.get(key) ?? 0;
    if (more > 0) return void this.unhurried.set(key, more - 1, { noUpdateTTL: true });
    const isCounting = this.counting.has(key);
    this.counting.set(key, isCounting);
    if (isCounting) return;
    this.tellIfLow(ctx, keys, key).catch((error: Error) => {
      this.counting.delete(key);
      this.log.of(ctx).warn({ reason: error.message }, 'the stock of prekeys was not counted');
    });
  }

  private async tellPeers(ctx: RequestContext, keys: UserKeys, change: KeyChange): Promise<void> {
    const { user_id } = keys.user;
    const userId = user_id.toHexString();
    const [conversationIds, blocked] = await Promise.all([
      this.audience.conversationsOf(ctx, user_id),
      this.relationships.blockedBy(ctx, user_id),
    ]);
    const hiddenFrom = [userId, ...blocked];
    const key = `${userId}/${keys.device_id}`;
    this.digests.publish(ctx, 'keys.changed', [{ key, conversationIds, hiddenFrom, change }]);
  }

  private async tellIfLow(ctx: RequestContext, keys: UserKeys, key: string): Promise<void> {
    const { prekeys_low_below } = await this.settings.of(ctx, encryptionSettings);
    do {
      this.counting.set(key, false);
      const left = await this.stock.left(ctx, keys.generation);
      const least = Math.min(left.one_time_prekeys, left.one_time_kyber_prekeys);
      this.unhurried.set(key, Math.floor(Math.max(least - prekeys_low_below, 0) / UNCOUNTED_PART));
      if (least < prekeys_low_below) this.tellLow(ctx, keys, left);
    } while (this.counting.get(key));
    this.counting.delete(key);
  }

  private tellLow(ctx: RequestContext, keys: UserKeys, left: Stock): void {
    const key = stockKey(ctx, keys);
    const text = JSON.stringify(left);
    if (this.told.get(key) === text) return;
    this.told.set(key, text);
    const { device_id, signal_device_id } = keys;
    const data = { device_id, signal_device_id, ...left };
    this.realtime.publish(ctx, { userId: keys.user.user_id.toHexString() }, { type: 'keys.low', data });
  }
}

/** One set of prekeys of one tenant. */
const stockKey = ({ tenantId }: RequestContext, { generation }: UserKeys): string =>
  `${tenantId}/${generation.toHexString()}`;

import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { forbidden, type RequestContext } from '#caas/kernel';
import { perHour, RateLimits } from '#caas/platform/limits';
import { Settings } from '#caas/domain/settings';
import { RelationshipsService, UsersService } from '#caas/domain/users';
import { encryptionSettings } from '../encryption.settings';
import { KeyNotifier } from '../key-notifier';
import { userKeys, type UserKeys } from '../persistence/user-keys.schema';
import { PrekeyClaims, type Claimed } from './prekey-claims';

const MAX_SIGNAL_DEVICES = 127;

export interface ClaimRequest {
  /** Only this device of the user; null for all devices that have keys. */
  deviceId: string | null;
  claimId: ObjectId;
  /** Whether an earlier attempt with the same id may exist. */
  mayRepeat: boolean;
}

export interface Bundle {
  keys: UserKeys;
  claimed: Claimed;
}

/** Key bundles for starting a session with a user: one for each device, each with its own one-time keys. */
@Injectable()
export class KeyBundlesService {
  constructor(
    private readonly users: UsersService,
    private readonly relationships: RelationshipsService,
    private readonly settings: Settings,
    private readonly limits: RateLimits,
    private readonly claims: PrekeyClaims,
    private readonly notifier: KeyNotifier,
  ) {}

  /**
   * Any user of the tenant may claim, unless the owner blocks them; a user may claim for their own other devices. Empty for a user
   * without keys.
   * @throws CaasError `user_not_found` (404), `blocked` (403), `rate_limited` (429)
   */
  async claim(ctx: RequestContext, pathId: string, { deviceId, claimId, mayRepeat }: ClaimRequest): Promise<Bundle[]> {
    const { user_id: claimer } = ctx.user;
    const target = (await this.users.get(ctx, pathId))._id;
    if (await this.relationships.isBlocked(ctx, target, claimer)) {
      throw forbidden('blocked', 'This user does not want to hear from you.');
    }
    const { claims_per_hour } = await this.settings.of(ctx, encryptionSettings);
    const key = `${ctx.tenantId}:claims:${claimer.toHexString()}:${target.toHexString()}`;
    await this.limits.spendFrom(key, perHour(claims_per_hour, 'key bundles of one user'));
    const found = await ctx
      .repository(userKeys)
      .find(
        { 'user.user_id': target, ...(deviceId === null ? {} : { device_id: deviceId }) },
        { sort: { signal_device_id: 1 }, limit: MAX_SIGNAL_DEVICES },
      );
    return Promise.all(
      found.map(async (keys) => {
        const claimed = mayRepeat
          ? await this.claims.again(ctx, keys.generation, claimId)
          : await this.claims.take(ctx, keys.generation, claimId);
        this.notifier.notifyIfLow(ctx, keys);
        return { keys, claimed };
      }),
    );
  }
}

import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { CaasError, conflict, DuplicateKeyError, type RequestContext } from '#caas/kernel';
import { DevicesService } from '#caas/domain/users';
import { KeyedMutex } from '#caas/platform/concurrency';
import { perHour, RateLimits } from '#caas/platform/limits';
import { PrekeyStock, type NewPrekey, type Stock } from '../claims/prekey-stock';
import { KeyNotifier } from '../key-notifier';
import { KeyLogService } from '../log/key-log.service';
import { userKeys, type SignedKey, type UserKeys } from '../persistence/user-keys.schema';
import { KeysOfRemoved } from './keys-of-removed';
import { checkUpload, type CheckedUpload, type KeyUpload } from './key-upload';
import { signalDeviceIdFor } from './signal-device-id';

/** For concurrent uploads of one device: each attempt sees what the previous one wrote. */
const ATTEMPTS = 5;
/** More than any device needs. Each new identity adds an entry to the tenant's log, and notifies all contacts of the user. */
const IDENTITIES = perHour(200, 'new identity keys');
const ALL_DEVICES = { cursor: null, limit: 100, direction: 'forward' } as const;

export interface DeviceKeys {
  deviceId: string;
  /** Null for a device without keys. */
  keys: UserKeys | null;
  left: Stock;
}

/** The keys of the actor's own devices: upload and stock. */
@Injectable()
export class DeviceKeysService {
  /** By device, and by tenant: without it, concurrent transactions on one row would only conflict and retry. */
  private readonly mutex = new KeyedMutex();

  constructor(
    private readonly devices: DevicesService,
    private readonly stock: PrekeyStock,
    private readonly log: KeyLogService,
    private readonly notifier: KeyNotifier,
    private readonly limits: RateLimits,
    private readonly removed: KeysOfRemoved,
  ) {}

  /**
   * Stores the keys that a device publishes. Omitted fields stay unchanged, and keys that are already stored are skipped. A new
   * identity key starts over: the previous identity's prekeys are deleted.
   * @throws CaasError `device_not_found` (404); `keys_incomplete`, `private_key_refused`, `invalid_keys`, `invalid_signature` (400);
   * `key_id_taken`, `key_reused`, `key_replayed`, `identity_key_taken`, `device_number_taken`, `too_many_prekeys` (409); `rate_limited`
   * (429)
   */
  async put(ctx: RequestContext, deviceId: string, upload: KeyUpload): Promise<DeviceKeys & { created: boolean }> {
    const key = `${ctx.tenantId}/${ctx.user.user_id.toHexString()}/${deviceId}`;
    return this.mutex.run(key, async () => {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const done = await this.attempt(ctx, deviceId, upload);
        if (done) return done;
      }
      throw conflict('keys_in_motion', 'The keys of this device are being changed.');
    });
  }

  /** @throws CaasError `device_not_found` (404) */
  async status(ctx: RequestContext, deviceId: string): Promise<DeviceKeys> {
    await this.devices.get(ctx, deviceId);
    const keys = await this.find(ctx, deviceId);
    return { deviceId, keys, left: keys ? await this.stock.left(ctx, keys.generation) : NOTHING_LEFT };
  }

  /** Null when another process has changed the keys in the meantime. */
  private async attempt(ctx: RequestContext, deviceId: string, upload: KeyUpload) {
    await this.devices.get(ctx, deviceId);
    const known = await this.find(ctx, deviceId);
    try {
      return await this.putOnce(ctx, deviceId, upload, known);
    } catch (error) {
      if (error instanceof DuplicateKeyError) return null;
      if (!(error instanceof CaasError) || error.kind !== 'conflict') throw error;
      // The conflict may be with this same upload, sent to another process as well; then try again.
      if (versionOf(await this.find(ctx, deviceId)) === versionOf(known)) throw error;
      return null;
    }
  }

  private async putOnce(ctx: RequestContext, deviceId: string, upload: KeyUpload, known: UserKeys | null) {
    const checked = await checkUpload(upload, known);
    const generation = known && !checked.begins ? known.generation : null;
    const missing = new Set(await this.stock.missing(ctx, generation, [...checked.kept, ...checked.oneTime]));
    const kept = checked.kept.filter((prekey) => missing.has(prekey));
    const oneTime = checked.oneTime.filter((prekey) => missing.has(prekey));
    const keys =
      known && !checked.begins
        ? await this.replace(ctx, known, upload, checked, kept)
        : await this.begin(ctx, deviceId, known, upload, kept);
    if (!keys || !(await this.stock.add(ctx, keys.generation, oneTime))) return null;
    const left = await this.stock.left(ctx, keys.generation);
    return { deviceId, keys, left, created: !known };
  }

  /** Stores the first keys of a device, or those of a new identity. */
  private async begin(
    ctx: RequestContext,
    deviceId: string,
    known: UserKeys | null,
    upload: KeyUpload,
    kept: NewPrekey[],
  ): Promise<UserKeys | null> {
    const { user } = ctx;
    const key = `${ctx.tenantId}:identities:${user.user_id.toHexString()}`;
    await this.limits.spendFrom(key, IDENTITIES);
    const others = await this.devices.list(ctx, ALL_DEVICES);
    const names = others.data.map(({ device_id }) => device_id);
    await this.log.prepare(ctx);
    const written = await this.mutex.run(ctx.tenantId, () =>
      ctx.transaction((tx) => this.writeIdentity(tx, deviceId, names, known, upload, kept)),
    );
    if (!written) return null;
    const { keys, change, logIndex } = written;
    await this.requireDevice(ctx, deviceId);
    if (change) this.notifier.tellChange(ctx, keys, change, logIndex);
    return keys;
  }

  private async writeIdentity(
    tx: RequestContext,
    deviceId: string,
    names: string[],
    known: UserKeys | null,
    upload: KeyUpload,
    kept: NewPrekey[],
  ) {
    const { user } = tx;
    const repository = tx.repository(userKeys);
    const identity_key = upload.identity_key!;
    await this.requireOwnIdentity(tx, identity_key);
    const ofUser = await repository.find({ 'user.user_id': user.user_id }, { fields: ['signal_device_id'] });
    const last = await this.log.lastIdentityOf(tx, user.user_id, deviceId);
    const generation = new ObjectId();
    const parts = {
      generation,
      identity_key,
      signed_prekey: plain(upload.signed_prekey!),
      last_resort_kyber_prekey: plain(upload.last_resort_kyber_prekey!),
      ...(upload.registration_id === undefined ? {} : { registration_id: upload.registration_id }),
    };
    const keys = known
      ? await repository.findOneAndUpdate({ _id: known._id, generation: known.generation }, { $set: parts })
      : await repository.insertOne({
          user,
          device_id: deviceId,
          signal_device_id: signalDeviceIdFor(
            deviceId,
            names,
            ofUser.map(({ signal_device_id }) => signal_device_id),
          ),
          uploaded: 0,
          registration_id: upload.registration_id!,
          ...parts,
        });
    if (!keys) return null;
    if (known) await this.stock.drop(tx, [known.generation]);
    await this.stock.keep(tx, generation, kept);
    const isChange = last !== null && last !== identity_key;
    const fact = { user_id: user.user_id, device_id: deviceId, signal_device_id: keys.signal_device_id, identity_key };
    const logIndex = await this.log.append(tx, [{ ...fact, action: known || isChange ? 'changed' : 'added' }]);
    const isFurther = ofUser.length > 0;
    const change = known || isChange ? ('changed' as const) : isFurther ? ('added' as const) : null;
    return { keys, change, logIndex };
  }

  /** Replaces signed or last-resort keys of the same identity. */
  private async replace(
    ctx: RequestContext,
    known: UserKeys,
    upload: KeyUpload,
    { kept }: CheckedUpload,
    fresh: NewPrekey[],
  ): Promise<UserKeys | null> {
    const currentIds = { signed: known.signed_prekey.key_id, last_resort_kyber: known.last_resort_kyber_prekey.key_id };
    for (const prekey of kept) {
      const current = currentIds[prekey.kind as keyof typeof currentIds];
      if (!fresh.includes(prekey) && prekey.key_id !== current) throw replayed(prekey);
    }
    const changed = {
      ...(upload.registration_id === undefined ? {} : { registration_id: upload.registration_id }),
      ...(fresh.some(({ kind }) => kind === 'signed') ? { signed_prekey: plain(upload.signed_prekey!) } : {}),
      ...(fresh.some(({ kind }) => kind === 'last_resort_kyber')
        ? { last_resort_kyber_prekey: plain(upload.last_resort_kyber_prekey!) }
        : {}),
    };
    const { generation } = known;
    if (fresh.length === 0 && (changed.registration_id ?? known.registration_id) === known.registration_id)
      return known;
    return ctx.transaction(async (tx) => {
      const as = { _id: known._id, generation, 'signed_prekey.key_id': currentIds.signed };
      const filter = { ...as, 'last_resort_kyber_prekey.key_id': currentIds.last_resort_kyber };
      const keys = await tx.repository(userKeys).findOneAndUpdate(filter, { $set: changed });
      if (!keys) return null;
      await this.stock.keep(tx, generation, fresh);
      for (const { kind } of fresh) {
        await this.stock.retire(tx, generation, kind, currentIds[kind as keyof typeof currentIds]);
      }
      return keys;
    });
  }

  /**
   * Refuses an identity key of another user: with it, senders and the key's owner would disagree about whom a message was written
   * to (identity misbinding). Concurrent uploads both append to the log, so one of them is retried and sees the other.
   */
  private async requireOwnIdentity(tx: RequestContext, identity_key: string): Promise<void> {
    const others = { identity_key, 'user.user_id': { $ne: tx.user.user_id } };
    if (!(await tx.repository(userKeys).findOne(others, { fields: ['device_id'] }))) return;
    throw new CaasError('conflict', 'identity_key_taken', 'Another user has this identity key.', [
      { field: 'identity_key', message: 'is of another user' },
    ]);
  }

  /** If the device was removed while its first keys were being stored, the removal did not delete them. */
  private async requireDevice(ctx: RequestContext, deviceId: string): Promise<void> {
    try {
      await this.devices.get(ctx, deviceId);
    } catch (error) {
      await ctx.transaction((tx) => this.removed.remove(tx, ctx.user.user_id, deviceId));
      throw error;
    }
  }

  private find(ctx: RequestContext, deviceId: string): Promise<UserKeys | null> {
    return ctx.repository(userKeys).findOne({ 'user.user_id': ctx.user.user_id, device_id: deviceId });
  }
}

const versionOf = (keys: UserKeys | null): string => (keys ? `${keys.generation.toHexString()}/${keys.__v}` : '');

const NOTHING_LEFT: Stock = { one_time_prekeys: 0, one_time_kyber_prekeys: 0 };

const plain = ({ key_id, public_key, signature }: SignedKey): SignedKey => ({ key_id, public_key, signature });

const replayed = ({ field, key_id }: NewPrekey) =>
  new CaasError('conflict', 'key_replayed', `The key ${key_id} of ${field} was in use before, and replaced.`, [
    { field, message: 'was in use before, and replaced' },
  ]);

import { Injectable } from '@nestjs/common';
import {
  conflict,
  DuplicateKeyError,
  invalid,
  notFound,
  type Page,
  type PageRequest,
  type RequestContext,
} from '#caas/kernel';
import { requireVersion } from '#caas/platform/http';
import { DeviceRemovals } from './device-removals';
import { userDevices, type DevicePlatform, type UserDevice } from './persistence/user-device.schema';

/** More than anybody carries, and few enough to encrypt one message for each. */
export const MAX_DEVICES_PER_USER = 100;

/** "1" to "127" are also Signal's device ids; a device of any other name is given a number when it gets keys. */
const DEVICE_ID = /^[A-Za-z0-9_-]{1,64}$/;

export interface DeviceInput {
  platform: DevicePlatform;
  push_token?: string | null;
  name?: string | null;
}

/** The devices of the actor: where pushes go, and whom end-to-end encryption encrypts for. */
@Injectable()
export class DevicesService {
  constructor(private readonly removals: DeviceRemovals) {}

  /**
   * Registers a device or updates it; what `input` leaves out stays as it was. A push token moves to the device that
   * registered it last, so that a phone that changed hands does not get the earlier user's messages.
   * @throws CaasError `invalid_device_id` (400), `too_many_devices` (409)
   */
  async put(
    ctx: RequestContext,
    deviceId: string,
    input: DeviceInput,
  ): Promise<{ device: UserDevice; created: boolean }> {
    const { user_id } = ctx.user;
    requireDeviceId(deviceId);
    const known = await this.find(ctx, deviceId);
    if (!known && (await ctx.repository(userDevices).count({ 'user.user_id': user_id })) >= MAX_DEVICES_PER_USER) {
      throw conflict('too_many_devices', `A user has at most ${MAX_DEVICES_PER_USER} devices.`);
    }
    const written = await ctx
      .transaction(async (tx) => {
        const outcome = await this.write(tx, deviceId, input);
        if (input.push_token) await this.takePushToken(tx, outcome.device, input.push_token);
        return outcome;
      })
      .catch((error: unknown) => {
        if (error instanceof DuplicateKeyError) return null;
        throw error;
      });
    return written ?? this.put(ctx, deviceId, input);
  }

  list(ctx: RequestContext, page: PageRequest): Promise<Page<UserDevice>> {
    return ctx.repository(userDevices).page({ 'user.user_id': ctx.user.user_id }, page);
  }

  /** @throws CaasError `device_not_found` (404) */
  async get(ctx: RequestContext, deviceId: string): Promise<UserDevice> {
    const device = await this.find(ctx, deviceId);
    if (!device) throw notFound('device');
    return device;
  }

  /**
   * For good: nothing is pushed to it from now on, and nothing encrypted for it.
   * @throws CaasError `device_not_found` (404), `stale_version` (412)
   */
  async remove(ctx: RequestContext, deviceId: string, expectedVersion: number | null): Promise<void> {
    for (;;) {
      const device = await this.get(ctx, deviceId);
      requireVersion(expectedVersion, device.__v);
      const removed = await ctx.transaction(async (tx) => {
        if ((await tx.repository(userDevices).deleteOne({ _id: device._id, __v: device.__v })) === 0) return false;
        await this.removals.remove(tx, ctx.user.user_id, deviceId);
        return true;
      });
      if (removed) return;
    }
  }

  private find(ctx: RequestContext, deviceId: string): Promise<UserDevice | null> {
    return ctx.repository(userDevices).findOne({ 'user.user_id': ctx.user.user_id, device_id: deviceId });
  }

  private async write(ctx: RequestContext, deviceId: string, input: DeviceInput) {
    const repository = ctx.repository(userDevices);
    const { platform, push_token, name } = input;
    const changes = {
      platform,
      ...(push_token === undefined ? {} : { push_token }),
      ...(name === undefined ? {} : { name }),
    };
    const changed = await repository.findOneAndUpdate(
      { 'user.user_id': ctx.user.user_id, device_id: deviceId },
      { $set: changes },
    );
    if (changed) return { device: changed, created: false };
    const device = await repository.insertOne({
      user: ctx.user,
      device_id: deviceId,
      platform,
      push_token: push_token ?? null,
      name: name ?? null,
    });
    return { device, created: true };
  }

  private async takePushToken(ctx: RequestContext, device: UserDevice, pushToken: string): Promise<void> {
    await ctx
      .repository(userDevices)
      .updateMany({ push_token: pushToken, _id: { $ne: device._id } }, { $set: { push_token: null } });
  }
}

function requireDeviceId(deviceId: string): void {
  if (DEVICE_ID.test(deviceId)) return;
  const message = 'must be 1 to 64 of A-Z a-z 0-9 _ -';
  throw invalid('invalid_device_id', `The id of a device ${message}.`, [{ field: 'device_id', message }]);
}

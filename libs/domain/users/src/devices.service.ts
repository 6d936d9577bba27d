import { Injectable } from '@nestjs/common';
import {
  conflict,
  DuplicateKeyError,
  invalid,
  notFound,
  type Page,
  type PageRequest,
  type Preconditions,
  type RequestContext,
} from '#caas/kernel';
import { DeviceRemovals } from './device-removals';
import { deviceEditionOf, userDevices, type DevicePlatform, type UserDevice } from './persistence/user-device.schema';

/** More than anyone uses, and few enough to encrypt one message for each. */
export const MAX_DEVICES_PER_USER = 100;

/** "1" to "127" are also Signal's device ids; a device of any other name is given a number when it gets keys. */
const DEVICE_ID = /^[A-Za-z0-9_-]{1,64}$/;

export interface DeviceInput {
  platform: DevicePlatform;
  push_token?: string | null;
  name?: string | null;
}

/** The actor's devices: targets of push notifications and of end-to-end encryption. */
@Injectable()
export class DevicesService {
  constructor(private readonly removals: DeviceRemovals) {}

  /**
   * Registers a device or updates it; what `input` leaves out stays as it was. A push token moves to the device that
   * registered it last, so that a phone that changed hands does not get the earlier user's messages.
   * @throws CaasError `invalid_device_id` (400), `too_many_devices` (409), `stale_version`, `already_exists` (412)
   */
  async put(
    ctx: RequestContext,
    deviceId: string,
    input: DeviceInput,
    preconditions: Preconditions,
  ): Promise<{ device: UserDevice; created: boolean }> {
    const { user_id } = ctx.user;
    requireDeviceId(deviceId);
    const known = await this.find(ctx, deviceId);
    preconditions.require(known && deviceEditionOf(known));
    if (!known && (await ctx.repository(userDevices).count({ 'user.user_id': user_id })) >= MAX_DEVICES_PER_USER) {
      throw conflict('too_many_devices', `A user has at most ${MAX_DEVICES_PER_USER} devices.`);
    }
    const written = await ctx
      .transaction(async (tx) => {
        const outcome = await this.write(tx, deviceId, known, input);
        if (!outcome) return null;
        if (input.push_token) await this.takePushToken(tx, outcome.device, input.push_token);
        return outcome;
      })
      .catch((error: unknown) => {
        if (error instanceof DuplicateKeyError) return null;
        throw error;
      });
    // Another request wrote first: try again with the current row.
    return written ?? this.put(ctx, deviceId, input, preconditions);
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
   * Removes the device permanently: it gets no more push notifications, and no messages are encrypted for it.
   * @throws CaasError `device_not_found` (404), `stale_version` (412)
   */
  async remove(ctx: RequestContext, deviceId: string, preconditions: Preconditions): Promise<void> {
    for (;;) {
      const device = await this.get(ctx, deviceId);
      preconditions.require(deviceEditionOf(device));
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

  /** Null when the device has changed since `known` was read. */
  private async write(ctx: RequestContext, deviceId: string, known: UserDevice | null, input: DeviceInput) {
    const repository = ctx.repository(userDevices);
    const { platform, push_token, name } = input;
    const changes = {
      platform,
      ...(push_token === undefined ? {} : { push_token }),
      ...(name === undefined ? {} : { name }),
    };
    if (known) {
      const update = { $set: changes, $inc: { edition: 1 } };
      const device = await repository.findOneAndUpdate({ _id: known._id, __v: known.__v }, update);
      return device && { device, created: false };
    }
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
      .updateMany(
        { push_token: pushToken, _id: { $ne: device._id } },
        { $set: { push_token: null }, $inc: { edition: 1 } },
      );
  }
}

function requireDeviceId(deviceId: string): void {
  if (DEVICE_ID.test(deviceId)) return;
  const message = 'must be 1 to 64 of A-Z a-z 0-9 _ -';
  throw invalid('invalid_device_id', `The id of a device ${message}.`, [{ field: 'device_id', message }]);
}

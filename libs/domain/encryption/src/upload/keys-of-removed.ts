import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { PrekeyStock } from '../claims/prekey-stock';
import { KeyLogService } from '../log/key-log.service';
import { userKeys } from '../persistence/user-keys.schema';

/** Deletes keys with their device, so that nobody encrypts for a removed device. */
@Injectable()
export class KeysOfRemoved {
  constructor(
    private readonly stock: PrekeyStock,
    private readonly log: KeyLogService,
  ) {}

  /**
   * Call it inside the transaction that removes the device.
   * @param deviceId null for all devices of the user
   */
  async remove(tx: RequestContext, userId: ObjectId, deviceId: string | null): Promise<void> {
    const repository = tx.repository(userKeys);
    const gone = await repository.find({
      'user.user_id': userId,
      ...(deviceId === null ? {} : { device_id: deviceId }),
    });
    if (gone.length === 0) return;
    await repository.deleteMany({ _id: { $in: gone.map(({ _id }) => _id) } });
    await this.stock.drop(
      tx,
      gone.map(({ generation }) => generation),
    );
    await this.log.append(
      tx,
      gone.map(({ device_id, signal_device_id }) => ({
        action: 'removed' as const,
        user_id: userId,
        device_id,
        signal_device_id,
        identity_key: null,
      })),
    );
  }
}

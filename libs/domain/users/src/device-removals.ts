import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';

/** @param deviceId null for all devices of the user */
type Removal = (tx: RequestContext, userId: ObjectId, deviceId: string | null) => Promise<void>;

/** Lets other domains delete their data of a device in the transaction that removes it. */
@Injectable()
export class DeviceRemovals {
  private readonly removals: Removal[] = [];

  with(removal: Removal): void {
    this.removals.push(removal);
  }

  async remove(tx: RequestContext, userId: ObjectId, deviceId: string | null): Promise<void> {
    for (const removal of this.removals) await removal(tx, userId, deviceId);
  }
}

import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { RateLimited } from '#caas/platform/limits';
import { SocketMessage } from '#caas/platform/realtime';
import { SyncDto } from './sync.dto';
import { SyncService } from './sync.service';

/** The same operation as over REST, with the same service. */
@Injectable()
export class SyncSocket {
  constructor(private readonly syncs: SyncService) {}

  @RateLimited('read', 5)
  @SocketMessage('sync', SyncDto)
  sync(ctx: RequestContext, body: SyncDto) {
    return this.syncs.sync(ctx, body);
  }
}

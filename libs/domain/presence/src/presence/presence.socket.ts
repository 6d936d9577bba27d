import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { RateLimited } from '#caas/platform/limits';
import { SocketMessage } from '#caas/platform/realtime';
import { GetPresenceDto, SetPresenceDto } from './presence.dto';
import { PresenceService } from './presence.service';

@Injectable()
export class PresenceSocket {
  constructor(private readonly presence: PresenceService) {}

  @SocketMessage('presence.set', SetPresenceDto)
  set(ctx: RequestContext, { status }: SetPresenceDto) {
    return this.presence.set(ctx, status);
  }

  /** What a client asks when it shows people; from then on it hears of changes. */
  @RateLimited('read')
  @SocketMessage('presence.get', GetPresenceDto)
  get(ctx: RequestContext, { external_ids }: GetPresenceDto) {
    return this.presence.list(ctx, external_ids);
  }
}

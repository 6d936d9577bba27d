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

  /** A client asks for the users that it shows, and receives their changes from then on. */
  @RateLimited('read')
  @SocketMessage('presence.get', GetPresenceDto)
  get(ctx: RequestContext, { external_ids }: GetPresenceDto) {
    return this.presence.list(ctx, external_ids);
  }
}

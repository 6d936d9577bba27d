import { Module } from '@nestjs/common';
import { PresenceNews } from './presence-news';
import { PresenceRows } from './presence-rows';
import { PresenceTracker } from './presence-tracker';
import { PresenceController } from './presence.controller';
import { PresenceService } from './presence.service';
import { PresenceSocket } from './presence.socket';

/** For processes that have sockets. */
@Module({
  providers: [PresenceRows, PresenceNews, PresenceTracker, PresenceService, PresenceSocket],
  controllers: [PresenceController],
})
export class PresenceModule {}

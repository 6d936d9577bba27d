import { Module, type OnModuleInit } from '@nestjs/common';
import { ConversationsApiModule } from '#caas/domain/conversations';
import { SettingsRegistry } from '#caas/domain/settings';
import { ReferenceHolders } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { PresenceNews } from './presence/presence-news';
import { PresenceRows } from './presence/presence-rows';
import { PresenceTracker } from './presence/presence-tracker';
import { PresenceController } from './presence/presence.controller';
import { presence } from './presence/presence.schema';
import { PresenceService } from './presence/presence.service';
import { presenceSettings } from './presence/presence.settings';
import { PresenceSocket } from './presence/presence.socket';
import { typingIndicators } from './typing/typing-indicator.schema';
import { TypingRows } from './typing/typing-rows';
import { TypingController } from './typing/typing.controller';
import { TypingService } from './typing/typing.service';
import { typingSettings } from './typing/typing.settings';
import { TypingSocket } from './typing/typing.socket';

/** What every process knows of presence and typing. */
@Module({ imports: [TenancyModule.forFeature([presence, typingIndicators])] })
export class PresenceModule implements OnModuleInit {
  constructor(
    private readonly holders: ReferenceHolders,
    private readonly settings: SettingsRegistry,
  ) {}

  onModuleInit(): void {
    for (const section of [presenceSettings, typingSettings]) this.settings.register(section);
    this.holders.register(presence, [{ path: 'user' }]);
    this.holders.register(typingIndicators, [{ path: 'user' }]);
  }
}

/** For processes that have sockets. */
@Module({
  imports: [ConversationsApiModule, PresenceModule],
  providers: [
    PresenceRows,
    PresenceNews,
    PresenceTracker,
    PresenceService,
    PresenceSocket,
    TypingRows,
    TypingService,
    TypingSocket,
  ],
  controllers: [PresenceController, TypingController],
})
export class PresenceApiModule {}

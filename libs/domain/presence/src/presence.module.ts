import { Module, type OnModuleInit } from '@nestjs/common';
import { ConversationsApiModule } from '#caas/domain/conversations';
import { SettingsModule, SettingsRegistry } from '#caas/domain/settings';
import { DisplayNameRegistry, UsersModule } from '#caas/domain/users';
import { RealtimeModule } from '#caas/platform/realtime';
import { TenancyModule } from '#caas/tenancy';
import { PresenceNotifier } from './presence/presence-notifier';
import { PresenceRepository } from './presence/presence-repository';
import { PresenceTracker } from './presence/presence-tracker';
import { PresenceController } from './presence/presence.controller';
import { presence } from './presence/presence.schema';
import { PresenceService } from './presence/presence.service';
import { presenceSettings } from './presence/presence.settings';
import { PresenceSocket } from './presence/presence.socket';
import { typingIndicators } from './typing/typing-indicator.schema';
import { TypingRepository } from './typing/typing-repository';
import { TypingController } from './typing/typing.controller';
import { TypingService } from './typing/typing.service';
import { typingSettings } from './typing/typing.settings';
import { TypingSocket } from './typing/typing.socket';

/** What every process knows of presence and typing. */
@Module({ imports: [SettingsModule, UsersModule, TenancyModule.forFeature([presence, typingIndicators])] })
export class PresenceModule implements OnModuleInit {
  constructor(
    private readonly holders: DisplayNameRegistry,
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
  imports: [ConversationsApiModule, PresenceModule, RealtimeModule, SettingsModule, TenancyModule, UsersModule],
  providers: [
    PresenceRepository,
    PresenceNotifier,
    PresenceTracker,
    PresenceService,
    PresenceSocket,
    TypingRepository,
    TypingService,
    TypingSocket,
  ],
  controllers: [PresenceController, TypingController],
})
export class PresenceApiModule {}

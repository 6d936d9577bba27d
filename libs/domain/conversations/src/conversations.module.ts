import { Module, type OnModuleInit } from '@nestjs/common';
import { SettingsModule, SettingsRegistry } from '#caas/domain/settings';
import { DisplayNameRegistry, UsersModule } from '#caas/domain/users';
import { RedisModule } from '#caas/platform/redis';
import { TenancyModule } from '#caas/tenancy';
import { ArchiveVersionCache } from './archive-state/archive-version-cache';
import { ConversationFolds } from './folding/conversation-folds';
import { DirtyConversations } from './folding/dirty-conversations';
import { groupsSettings } from './conversation/groups.settings';
import { CONVERSATION_COLLECTIONS } from './store/collections';
import { conversations } from './store/conversation.schema';
import { members } from './store/member.schema';

const PROVIDERS = [ArchiveVersionCache, DirtyConversations, ConversationFolds];

/** What every process knows of conversations. The app binds `StoredMessages`. */
@Module({
  imports: [RedisModule, SettingsModule, UsersModule, TenancyModule.forFeature(CONVERSATION_COLLECTIONS)],
  providers: PROVIDERS,
  exports: PROVIDERS,
})
export class ConversationsModule implements OnModuleInit {
  constructor(
    private readonly holders: DisplayNameRegistry,
    private readonly settings: SettingsRegistry,
  ) {}

  onModuleInit(): void {
    this.settings.register(groupsSettings);
    this.holders.register(conversations, [{ path: 'people', list: true }]);
    this.holders.register(members, [{ path: 'user' }]);
  }
}

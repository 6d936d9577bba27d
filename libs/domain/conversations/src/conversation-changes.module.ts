import { Module } from '@nestjs/common';
import { SettingsModule } from '#caas/domain/settings';
import { UsersModule } from '#caas/domain/users';
import { CacheModule } from '#caas/platform/cache';
import { RealtimePublisherModule } from '#caas/platform/realtime';
import { ConversationAccess } from './access/conversation-access';
import { ConversationChanges } from './changes/conversation-changes';
import { ConversationsModule } from './conversations.module';
import { MembershipNotifier } from './members/membership-notifier';
import { Memberships } from './members/memberships';

const PROVIDERS = [ConversationAccess, ConversationChanges, MembershipNotifier, Memberships];

/** For processes that change conversations: apis and workers. The app binds `OwningGroups` and provides `Realtime`. */
@Module({
  imports: [CacheModule, ConversationsModule, RealtimePublisherModule, SettingsModule, UsersModule],
  providers: PROVIDERS,
  exports: [...PROVIDERS, ConversationsModule],
})
export class ConversationChangesModule {}

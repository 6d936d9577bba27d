import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { GroupsModule } from '#caas/domain/groups';
import { ConversationFeed } from '#caas/platform/realtime';
import { ReferenceHolders } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { ArchivedModule } from './archived/archived.module';
import { archivedMarks } from './persistence/archived-mark.schema';
import { MESSAGING_COLLECTIONS } from './persistence';
import { conversations } from './persistence/conversation.schema';
import { HAS_MENTIONS, HAS_REPLIERS, IS_FORWARDED, messages } from './persistence/message.schema';
import { messageVersions } from './persistence/message-version.schema';
import { pollVotes } from './persistence/poll-vote.schema';
import { reactions } from './persistence/reaction.schema';
import { presence } from './presence/presence.schema';
import { scheduledMessages } from './persistence/scheduled-message.schema';
import { MessagingFeed } from './sync/conversation-feed';
import { ConversationsVerifier } from './verify/conversations-verifier';
import { typingIndicators } from './typing/typing-indicator.schema';

/** What every process knows of messaging: its collections, and where they keep names of users. */
@Module({
  imports: [GroupsModule, ArchivedModule, TenancyModule.forFeature(MESSAGING_COLLECTIONS)],
  providers: [ConversationsVerifier],
  exports: [ConversationsVerifier],
})
export class MessagingModule implements OnModuleInit {
  constructor(private readonly holders: ReferenceHolders) {}

  onModuleInit(): void {
    this.holders.register(conversations, [{ path: 'people', list: true }]);
    const mentions = { path: 'mentions', list: true, among: HAS_MENTIONS };
    this.holders.register(messages, [
      { path: 'sender' },
      mentions,
      { path: 'last_repliers', list: true, among: HAS_REPLIERS },
      { path: 'forwarded_from.sender', among: IS_FORWARDED },
    ]);
    this.holders.register(archivedMarks, [{ path: 'last_repliers', list: true, among: HAS_REPLIERS }]);
    this.holders.register(messageVersions, [mentions]);
    this.holders.register(reactions, [{ path: 'user' }]);
    this.holders.register(pollVotes, [{ path: 'user' }]);
    this.holders.register(scheduledMessages, [{ path: 'user' }]);
    this.holders.register(presence, [{ path: 'user' }]);
    this.holders.register(typingIndicators, [{ path: 'user' }]);
  }
}

/** Answers the socket layer's questions; apart from the services, which in turn send events through that layer. */
@Global()
@Module({
  providers: [MessagingFeed, { provide: ConversationFeed, useExisting: MessagingFeed }],
  exports: [ConversationFeed],
})
export class MessagingFeedModule {}

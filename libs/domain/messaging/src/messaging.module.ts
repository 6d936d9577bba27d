import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { EncryptionModule } from '#caas/domain/encryption';
import { GroupsModule } from '#caas/domain/groups';
import { FileHolders, FileViewers, MediaModule } from '#caas/domain/media';
import { SettingsRegistry } from '#caas/domain/settings';
import { ConversationFeed } from '#caas/platform/realtime';
import { UsageMeters, UsageModule } from '#caas/domain/usage';
import { ReferenceHolders } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { ArchivedModule } from './archived/archived.module';
import { MessageReader } from './archived/message-reader';
import { existingHolders, mayReadAny } from './attachments/message-holders';
import { archivedMarks } from './persistence/archived-mark.schema';
import { MESSAGING_COLLECTIONS } from './persistence';
import { conversations } from './persistence/conversation.schema';
import { HAS_MENTIONS, HAS_REPLIERS, IS_FORWARDED, messages } from './persistence/message.schema';
import { messageVersions } from './persistence/message-version.schema';
import { pollVotes } from './persistence/poll-vote.schema';
import { reactions } from './persistence/reaction.schema';
import { messagesSettings } from './messages/messages.settings';
import { moderationCases } from './moderation/moderation-case.schema';
import { moderationReports } from './moderation/moderation-report.schema';
import { moderationSettings } from './moderation/moderation.settings';
import { presence } from './presence/presence.schema';
import { presenceSettings } from './presence/presence.settings';
import { searchSettings } from './search/search.settings';
import { scheduledMessages } from './persistence/scheduled-message.schema';
import { MessagingFeed } from './sync/conversation-feed';
import { ConversationsVerifier } from './verify/conversations-verifier';
import { MessageMeter } from './verify/message-meter';
import { typingIndicators } from './typing/typing-indicator.schema';
import { typingSettings } from './typing/typing.settings';

const MESSAGING_SETTINGS = [messagesSettings, moderationSettings, presenceSettings, typingSettings, searchSettings];

/** What every process knows of messaging: its collections, where they keep names of users and files, and what tenants can set. */
@Module({
  imports: [
    EncryptionModule,
    GroupsModule,
    MediaModule,
    ArchivedModule,
    UsageModule,
    TenancyModule.forFeature(MESSAGING_COLLECTIONS),
  ],
  providers: [ConversationsVerifier, MessageMeter],
  exports: [ConversationsVerifier],
})
export class MessagingModule implements OnModuleInit {
  constructor(
    private readonly holders: ReferenceHolders,
    private readonly fileHolders: FileHolders,
    private readonly fileViewers: FileViewers,
    private readonly settings: SettingsRegistry,
    private readonly reader: MessageReader,
    private readonly meters: UsageMeters,
    private readonly messageMeter: MessageMeter,
  ) {}

  onModuleInit(): void {
    this.meters.register(this.messageMeter);
    this.fileHolders.register('message', existingHolders(this.reader));
    this.fileViewers.register('message', mayReadAny(this.reader));
    for (const section of MESSAGING_SETTINGS) this.settings.register(section);
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
    this.holders.register(moderationCases, [{ path: 'user' }]);
    this.holders.register(moderationReports, [{ path: 'reporter' }]);
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

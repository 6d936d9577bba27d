import { Module, type OnModuleInit } from '@nestjs/common';
import { ConversationsModule } from '#caas/domain/conversations';
import { FileOwnersRegistry, FileViewers, MediaModule } from '#caas/domain/media';
import { SettingsModule, SettingsRegistry } from '#caas/domain/settings';
import { UsageMeters, UsageModule } from '#caas/domain/usage';
import { DisplayNameRegistry, UsersModule } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { ErasedMessages } from './archiving/erased-messages';
import { ArchivableMessages } from './archiving/archivable-messages';
import { KeptContents } from './archiving/kept-contents';
import { existingHolders, mayReadAny } from './attachments/message-holders';
import { ArchivedMessageState } from './cold-reads/archived-message-state';
import { ArchivedMessageMapper } from './cold-reads/archived-message-mapper';
import { MessageReader } from './cold-reads/message-reader';
import { TenantArchives } from './cold-reads/tenant-archives';
import { MESSAGE_KINDS } from './kinds/message-kinds';
import { StoredMessagesReader } from './message/stored-messages-reader';
import { messagesSettings } from './message/messages.settings';
import { searchSettings } from './search/search.settings';
import { archivedMarks } from './store/archived-mark.schema';
import { messageVersions } from './store/message-version.schema';
import { HAS_MENTIONS, HAS_REPLIERS, IS_FORWARDED, messages } from './store/message.schema';
import { reactions } from './store/reaction.schema';
import { MESSAGE_COLLECTIONS } from './store/collections';
import { ThreadRoots } from './threads/thread-roots';
import { ConversationCountsVerifier } from './verification/conversation-counts-verifier';
import { MessageMeter } from './verification/message-meter';

const PROVIDERS = [
  ArchivedMessageState,
  ArchivedMessageMapper,
  ConversationCountsVerifier,
  ErasedMessages,
  ArchivableMessages,
  KeptContents,
  MessageReader,
  StoredMessagesReader,
  TenantArchives,
  ThreadRoots,
];

/** What every process knows of messages, hot and archived. The app binds `MessageArchive` and `LegalHolds`. */
@Module({
  imports: [
    ConversationsModule,
    MediaModule,
    SettingsModule,
    UsageModule,
    UsersModule,
    TenancyModule.forFeature(MESSAGE_COLLECTIONS),
  ],
  providers: [...PROVIDERS, MessageMeter],
  exports: [...PROVIDERS, ConversationsModule, MediaModule],
})
export class MessagesModule implements OnModuleInit {
  constructor(
    private readonly names: DisplayNameRegistry,
    private readonly files: FileOwnersRegistry,
    private readonly viewers: FileViewers,
    private readonly settings: SettingsRegistry,
    private readonly reader: MessageReader,
    private readonly meters: UsageMeters,
    private readonly meter: MessageMeter,
  ) {}

  onModuleInit(): void {
    this.meters.register(this.meter);
    this.files.register('message', existingHolders(this.reader));
    this.viewers.register('message', mayReadAny(this.reader));
    for (const section of [messagesSettings, searchSettings]) this.settings.register(section);
    const mentions = { path: 'mentions', list: true, among: HAS_MENTIONS };
    this.names.register(messages, [
      { path: 'sender' },
      mentions,
      { path: 'last_repliers', list: true, among: HAS_REPLIERS },
      { path: 'forwarded_from.sender', among: IS_FORWARDED },
    ]);
    this.names.register(archivedMarks, [{ path: 'last_repliers', list: true, among: HAS_REPLIERS }]);
    this.names.register(messageVersions, [mentions]);
    this.names.register(reactions, [{ path: 'user' }]);
    for (const { rows } of MESSAGE_KINDS) if (rows) this.names.register(rows.collection, [{ path: 'user' }]);
  }
}

import { Module } from '@nestjs/common';
import { ConversationChangesModule } from '#caas/domain/conversations';
import { SettingsModule } from '#caas/domain/settings';
import { UsageModule } from '#caas/domain/usage';
import { CacheModule } from '#caas/platform/cache';
import { ClockModule } from '#caas/platform/clock';
import { MetricsModule } from '#caas/platform/metrics';
import { RealtimePublisherModule } from '#caas/platform/realtime';
import { RedisModule } from '#caas/platform/redis';
import { MessageAttachments } from './attachments/message-attachments';
import { ContentLimits } from './message/content-limits';
import { Mentions } from './message/mentions';
import { MessageAccess } from './message/message-access';
import { MessageChanges } from './message/message-changes';
import { MessageNotifier } from './message/message-notifier';
import { MessagesModule } from './messages.module';
import { SearchDirtySet } from './search-index/search-dirty-set';
import { Contention } from './sending/contention';
import { ConversationHeads } from './sending/conversation-heads';
import { LateSendVerifier } from './sending/late-send-verifier';
import { MessageBatcher } from './sending/message-batcher';
import { MessageInserter } from './sending/message-inserter';
import { MessageSender } from './sending/message-sender';
import { MessagesService } from './sending/messages.service';
import { PagePositionReader } from './sending/page-numbers';
import { SendMetrics } from './sending/send-metrics';
import { SendsWithChanges } from './sending/sends-with-changes';
import { SentMessageLookup } from './sending/sent-message-lookup';

const SENDING = [
  ContentLimits,
  ConversationHeads,
  Contention,
  LateSendVerifier,
  MessageBatcher,
  MessageInserter,
  Mentions,
  MessageAccess,
  MessageAttachments,
  MessageChanges,
  MessageNotifier,
  MessageSender,
  SendMetrics,
  MessagesService,
  PagePositionReader,
  SearchDirtySet,
  SendsWithChanges,
  SentMessageLookup,
];

/** Sends messages: in apis for clients, in workers for scheduled messages. The app binds `MessagePolicy`. */
@Module({
  imports: [
    CacheModule,
    ClockModule,
    ConversationChangesModule,
    MessagesModule,
    MetricsModule,
    RealtimePublisherModule,
    RedisModule,
    SettingsModule,
    UsageModule,
  ],
  providers: SENDING,
  exports: [...SENDING, ConversationChangesModule, MessagesModule],
})
export class SendingModule {}

import { Module } from '@nestjs/common';
import { MediaModule } from '#caas/domain/media';
import { UsageModule } from '#caas/domain/usage';
import { MessageAttachments } from '../attachments/message-attachments';
import { ConversationChanges } from '../changes/conversation-changes';
import { ConversationAccess } from '../conversations/conversation-access';
import { ContentLimits } from '../messages/content-limits';
import { Mentions } from '../messages/mentions';
import { MessageAccess } from '../messages/message-access';
import { MessageChanges } from '../messages/message-changes';
import { MessageNews } from '../messages/message-news';
import { MessageSender } from '../messages/message-sender';
import { SendMetrics } from '../messages/send-metrics';
import { MessagesService } from '../messages/messages.service';
import { PageNumbersReader } from '../messages/page-numbers';
import { ModerationCases } from '../moderation/moderation-cases';
import { TextModeration } from '../moderation/text-moderation';
import { ScheduledHints } from '../scheduled/scheduled-hints';
import { ScheduledNews } from '../scheduled/scheduled-news';
import { SearchHints } from '../search/search-hints';
import { Contention } from './contention';
import { ConversationHeads } from './conversation-heads';
import { LateSends } from './late-sends';
import { MessageBatcher } from './message-batcher';
import { MessageInserter } from './message-inserter';
import { SendsWithChanges } from './sends-with-changes';
import { SentMessages } from './sent-messages';

const SENDING = [
  ContentLimits,
  ConversationAccess,
  ConversationChanges,
  ConversationHeads,
  Contention,
  LateSends,
  MessageBatcher,
  MessageInserter,
  Mentions,
  MessageAccess,
  MessageAttachments,
  MessageChanges,
  MessageNews,
  MessageSender,
  SendMetrics,
  MessagesService,
  PageNumbersReader,
  ModerationCases,
  ScheduledHints,
  ScheduledNews,
  SearchHints,
  SendsWithChanges,
  SentMessages,
  TextModeration,
];

/** How a message gets into a conversation: the same in apis, for clients, and in workers, for what was scheduled. */
@Module({ imports: [MediaModule, UsageModule], providers: SENDING, exports: SENDING })
export class SendingModule {}

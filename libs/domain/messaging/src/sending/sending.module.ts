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
import { ModerationCases } from '../moderation/moderation-cases';
import { TextModeration } from '../moderation/text-moderation';
import { ScheduledHints } from '../scheduled/scheduled-hints';
import { ScheduledNews } from '../scheduled/scheduled-news';
import { SearchHints } from '../search/search-hints';
import { CounterMemory } from './counter-memory';
import { GroupWriter } from './group-writer';
import { SendCommitter } from './send-committer';
import { WriteTurns } from './write-turns';

const SENDING = [
  ContentLimits,
  ConversationAccess,
  ConversationChanges,
  CounterMemory,
  GroupWriter,
  Mentions,
  MessageAccess,
  MessageAttachments,
  MessageChanges,
  MessageNews,
  MessageSender,
  SendMetrics,
  MessagesService,
  ModerationCases,
  ScheduledHints,
  ScheduledNews,
  SearchHints,
  SendCommitter,
  TextModeration,
  WriteTurns,
];

/** How a message gets into a conversation: the same in apis, for clients, and in workers, for what was scheduled. */
@Module({ imports: [MediaModule, UsageModule], providers: SENDING, exports: SENDING })
export class SendingModule {}

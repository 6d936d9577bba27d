import { Module } from '@nestjs/common';
import { ConversationChanges } from '../changes/conversation-changes';
import { ConversationAccess } from '../conversations/conversation-access';
import { Mentions } from '../messages/mentions';
import { MessageAccess } from '../messages/message-access';
import { MessageChanges } from '../messages/message-changes';
import { MessageSender } from '../messages/message-sender';
import { MessagesService } from '../messages/messages.service';
import { ScheduledHints } from '../scheduled/scheduled-hints';
import { ScheduledNews } from '../scheduled/scheduled-news';
import { SearchHints } from '../search/search-hints';
import { CounterMemory } from './counter-memory';
import { GroupWriter } from './group-writer';
import { SendCommitter } from './send-committer';
import { SendRates } from './send-rates';
import { ThreadRoots } from '../threads/thread-roots';
import { WriteTurns } from './write-turns';

const SENDING = [
  ConversationAccess,
  ConversationChanges,
  CounterMemory,
  GroupWriter,
  Mentions,
  MessageAccess,
  MessageChanges,
  MessageSender,
  MessagesService,
  ScheduledHints,
  ScheduledNews,
  SearchHints,
  SendCommitter,
  SendRates,
  ThreadRoots,
  WriteTurns,
];

/** How a message gets into a conversation: the same in apis, for clients, and in workers, for what was scheduled. */
@Module({ providers: SENDING, exports: SENDING })
export class SendingModule {}

import { Module } from '@nestjs/common';
import { ConversationChanges } from './changes/conversation-changes';
import { ConversationAccess } from './conversations/conversation-access';
import { ConversationsService } from './conversations/conversations.service';
import { MessagesService } from './messages/messages.service';
import { MessagingFeedModule, MessagingModule } from './messaging.module';
import { ReceiptsController } from './receipts/receipts.controller';
import { ReceiptsService } from './receipts/receipts.service';
import { ReceiptsSocket } from './receipts/receipts.socket';
import { CounterMemory } from './sending/counter-memory';
import { GroupWriter } from './sending/group-writer';
import { SendCommitter } from './sending/send-committer';
import { WriteTurns } from './sending/write-turns';
import { MessagingSocket } from './socket/messaging.socket';
import { SyncService } from './sync/sync.service';
import { ConversationsController } from './http/conversations.controller';
import { MessagesController } from './http/messages.controller';

/** Messaging over REST and sockets: one set of services behind both. */
@Module({
  imports: [MessagingModule, MessagingFeedModule],
  providers: [
    ConversationAccess,
    ConversationsService,
    MessagesService,
    CounterMemory,
    GroupWriter,
    SendCommitter,
    WriteTurns,
    ConversationChanges,
    ReceiptsService,
    ReceiptsSocket,
    SyncService,
    MessagingSocket,
  ],
  controllers: [ConversationsController, MessagesController, ReceiptsController],
})
export class MessagingApiModule {}

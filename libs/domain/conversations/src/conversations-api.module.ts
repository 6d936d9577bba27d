import { Module } from '@nestjs/common';
import { AccessModule } from '#caas/access';
import { SettingsModule } from '#caas/domain/settings';
import { UserResolver, UsersModule } from '#caas/domain/users';
import { RealtimePublisherModule } from '#caas/platform/realtime';
import { BlockVisibility } from './access/block-visibility';
import { ConversationChangesModule } from './conversation-changes.module';
import { ConversationCreator } from './conversation/conversation-creator';
import { ConversationSettingsService } from './conversation/conversation-settings.service';
import { ConversationViews } from './conversation/conversation-views';
import { ConversationsController } from './conversation/conversations.controller';
import { ConversationsService } from './conversation/conversations.service';
import { ConversationPeerDirectory } from './members/peer-directory';
import { MembersController } from './members/members.controller';
import { MembersService } from './members/members.service';
import { ReceiptsController } from './receipts/receipts.controller';
import { ReceiptsService } from './receipts/receipts.service';
import { ReceiptsSocket } from './receipts/receipts.socket';

const SHARED = [
  ConversationPeerDirectory,
  ConversationCreator,
  ConversationSettingsService,
  ConversationViews,
  UserResolver,
  BlockVisibility,
];

/** Conversations over REST and sockets. The app binds `UnreadMentions` and `TextPolicy`. */
@Module({
  imports: [AccessModule, ConversationChangesModule, RealtimePublisherModule, SettingsModule, UsersModule],
  providers: [...SHARED, ConversationsService, MembersService, ReceiptsService, ReceiptsSocket],
  controllers: [ConversationsController, MembersController, ReceiptsController],
  exports: [...SHARED, ConversationChangesModule],
})
export class ConversationsApiModule {}

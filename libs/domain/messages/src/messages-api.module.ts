import { Module } from '@nestjs/common';
import { SettingsModule } from '#caas/domain/settings';
import { UsersModule } from '#caas/domain/users';
import { RealtimePublisherModule } from '#caas/platform/realtime';
import { MessageActionsController } from './editing/message-actions.controller';
import { MessageActionsSocket } from './editing/message-actions.socket';
import { MessageDeletionsService } from './editing/message-deletions.service';
import { MessageEditsService } from './editing/message-edits.service';
import { ForwardsService } from './forwards/forwards.service';
import { UnreadMentionsCounter } from './mentions/unread-mentions-counter';
import { MessageViews } from './message/message-views';
import { PinsService } from './pins/pins.service';
import { PollsController } from './polls/polls.controller';
import { PollsService } from './polls/polls.service';
import { PollsSocket } from './polls/polls.socket';
import { ReactionsController } from './reactions/reactions.controller';
import { ReactionsService } from './reactions/reactions.service';
import { SearchController } from './search/search.controller';
import { SearchService } from './search/search.service';
import { MessagesController } from './sending/messages.controller';
import { MessagesSocket } from './sending/messages.socket';
import { SendingModule } from './sending.module';

const SHARED = [UnreadMentionsCounter, MessageDeletionsService, MessageViews];

/** Messages over REST and sockets: one set of services behind both. */
@Module({
  imports: [RealtimePublisherModule, SendingModule, SettingsModule, UsersModule],
  providers: [
    ...SHARED,
    ForwardsService,
    MessageActionsSocket,
    MessageEditsService,
    MessagesSocket,
    PinsService,
    PollsService,
    PollsSocket,
    ReactionsService,
    SearchService,
  ],
  controllers: [MessagesController, MessageActionsController, ReactionsController, PollsController, SearchController],
  exports: [...SHARED, SendingModule],
})
export class MessagesApiModule {}

import { Module } from '@nestjs/common';
import { MediaModule } from '#caas/domain/media';
import { AttachmentsRefresher } from './attachments/attachments-refresher';
import { RefreshAttachmentsProcessor } from './attachments/refresh-attachments.processor';
import { FoldConversationsProcessor } from './folding/fold-conversations.processor';
import { HandOnOwnershipProcessor } from './members/hand-on-ownership.processor';
import { MembershipNews } from './members/membership-news';
import { Memberships } from './members/memberships';
import { MessagingFeedModule, MessagingModule } from './messaging.module';
import { IndexMessagesProcessor } from './search/index-messages.processor';
import { ScheduledSender } from './scheduled/scheduled-sender';
import { SendScheduledProcessor } from './scheduled/send-scheduled.processor';
import { SearchIndexer } from './search/search-indexer';
import { SendingModule } from './sending/sending.module';
import { VerifyConversationsProcessor } from './verify/verify-conversations.processor';

/** What workers do for messaging. */
@Module({
  imports: [MediaModule, MessagingModule, MessagingFeedModule, SendingModule],
  providers: [
    FoldConversationsProcessor,
    SearchIndexer,
    IndexMessagesProcessor,
    VerifyConversationsProcessor,
    ScheduledSender,
    SendScheduledProcessor,
    AttachmentsRefresher,
    RefreshAttachmentsProcessor,
    MembershipNews,
    Memberships,
    HandOnOwnershipProcessor,
  ],
})
export class MessagingJobsModule {}

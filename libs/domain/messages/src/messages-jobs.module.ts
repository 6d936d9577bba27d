import { Module } from '@nestjs/common';
import { RealtimePublisherModule } from '#caas/platform/realtime';
import { TenancyModule } from '#caas/tenancy';
import { AttachmentsRefresher } from './attachments/attachments-refresher';
import { RefreshAttachmentsProcessor } from './attachments/refresh-attachments.processor';
import { IndexMessagesProcessor } from './search-index/index-messages.processor';
import { SearchIndexer } from './search-index/search-indexer';
import { FoldConversationsProcessor } from './sending/fold-conversations.processor';
import { SendingModule } from './sending.module';
import { VerifyConversationsProcessor } from './verification/verify-conversations.processor';

/** What workers do for messages. */
@Module({
  imports: [RealtimePublisherModule, SendingModule, TenancyModule],
  providers: [
    FoldConversationsProcessor,
    SearchIndexer,
    IndexMessagesProcessor,
    VerifyConversationsProcessor,
    AttachmentsRefresher,
    RefreshAttachmentsProcessor,
  ],
})
export class MessagesJobsModule {}

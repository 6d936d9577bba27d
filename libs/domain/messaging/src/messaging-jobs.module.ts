import { Module } from '@nestjs/common';
import { MessagingModule } from './messaging.module';
import { IndexMessagesProcessor } from './search/index-messages.processor';
import { SearchHints } from './search/search-hints';
import { SearchIndexer } from './search/search-indexer';
import { VerifyConversationsProcessor } from './verify/verify-conversations.processor';

/** What workers do for messaging. */
@Module({
  imports: [MessagingModule],
  providers: [SearchHints, SearchIndexer, IndexMessagesProcessor, VerifyConversationsProcessor],
})
export class MessagingJobsModule {}

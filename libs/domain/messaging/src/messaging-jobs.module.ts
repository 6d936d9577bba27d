import { Module } from '@nestjs/common';
import { IndexMessagesProcessor } from './search/index-messages.processor';
import { SearchHints } from './search/search-hints';
import { SearchIndexer } from './search/search-indexer';

/** What workers do for messaging. */
@Module({ providers: [SearchHints, SearchIndexer, IndexMessagesProcessor] })
export class MessagingJobsModule {}

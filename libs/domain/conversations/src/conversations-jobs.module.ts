import { Module } from '@nestjs/common';
import { ConversationChangesModule } from './conversation-changes.module';
import { HandOnOwnershipProcessor } from './members/hand-on-ownership.processor';

/** What workers do for conversations. */
@Module({ imports: [ConversationChangesModule], providers: [HandOnOwnershipProcessor] })
export class ConversationsJobsModule {}

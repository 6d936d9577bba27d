import { Module } from '@nestjs/common';
import { UsersModule } from '#caas/domain/users';
import { ConversationChangesModule } from './conversation-changes.module';
import { HandOnOwnershipProcessor } from './members/hand-on-ownership.processor';

/** What workers do for conversations. */
@Module({ imports: [ConversationChangesModule, UsersModule], providers: [HandOnOwnershipProcessor] })
export class ConversationsJobsModule {}

import { Module, type OnModuleInit } from '@nestjs/common';
import { FileHolders, MediaModule } from '#caas/domain/media';
import { SendingModule } from '#caas/domain/messages';
import { ReferenceHolders } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { waitingHolders } from './scheduled-holders';
import { ScheduledHints } from './scheduled-hints';
import { scheduledMessages } from './scheduled-message.schema';
import { ScheduledMessagesController } from './scheduled-messages.controller';
import { ScheduledMessagesService } from './scheduled-messages.service';
import { ScheduledNews } from './scheduled-news';
import { ScheduledSender } from './scheduled-sender';
import { SendScheduledProcessor } from './send-scheduled.processor';

/** What every process knows of scheduled messages. */
@Module({ imports: [MediaModule, TenancyModule.forFeature([scheduledMessages])] })
export class ScheduledModule implements OnModuleInit {
  constructor(
    private readonly names: ReferenceHolders,
    private readonly files: FileHolders,
  ) {}

  onModuleInit(): void {
    this.files.register('message', waitingHolders);
    this.names.register(scheduledMessages, [{ path: 'user' }]);
  }
}

/** Scheduled messages over REST. */
@Module({
  imports: [ScheduledModule, SendingModule],
  providers: [ScheduledHints, ScheduledMessagesService, ScheduledNews],
  controllers: [ScheduledMessagesController],
})
export class ScheduledApiModule {}

/** What workers do for scheduled messages. */
@Module({
  imports: [ScheduledModule, SendingModule],
  providers: [ScheduledHints, ScheduledNews, ScheduledSender, SendScheduledProcessor],
})
export class ScheduledJobsModule {}

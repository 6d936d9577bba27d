import { Module, type OnModuleInit } from '@nestjs/common';
import { AccessModule } from '#caas/access';
import { FileOwnersRegistry, MediaModule } from '#caas/domain/media';
import { SendingModule } from '#caas/domain/messages';
import { DisplayNameRegistry, UsersModule } from '#caas/domain/users';
import { ClockModule } from '#caas/platform/clock';
import { RealtimePublisherModule } from '#caas/platform/realtime';
import { RedisModule } from '#caas/platform/redis';
import { TenancyModule } from '#caas/tenancy';
import { waitingHolders } from './scheduled-holders';
import { ScheduledDueIndex } from './scheduled-due-index';
import { scheduledMessages } from './scheduled-message.schema';
import { ScheduledMessagesController } from './scheduled-messages.controller';
import { ScheduledMessagesService } from './scheduled-messages.service';
import { ScheduledNotifier } from './scheduled-notifier';
import { ScheduledSender } from './scheduled-sender';
import { SendScheduledProcessor } from './send-scheduled.processor';

/** What every process knows of scheduled messages. */
@Module({ imports: [MediaModule, UsersModule, TenancyModule.forFeature([scheduledMessages])] })
export class ScheduledModule implements OnModuleInit {
  constructor(
    private readonly names: DisplayNameRegistry,
    private readonly files: FileOwnersRegistry,
  ) {}

  onModuleInit(): void {
    this.files.register('message', waitingHolders);
    this.names.register(scheduledMessages, [{ path: 'user' }]);
  }
}

/** Scheduled messages over REST. */
@Module({
  imports: [AccessModule, ClockModule, RealtimePublisherModule, RedisModule, ScheduledModule, SendingModule],
  providers: [ScheduledDueIndex, ScheduledMessagesService, ScheduledNotifier],
  controllers: [ScheduledMessagesController],
})
export class ScheduledApiModule {}

/** What workers do for scheduled messages. */
@Module({
  imports: [ClockModule, RealtimePublisherModule, RedisModule, ScheduledModule, SendingModule, TenancyModule],
  providers: [ScheduledDueIndex, ScheduledNotifier, ScheduledSender, SendScheduledProcessor],
})
export class ScheduledJobsModule {}

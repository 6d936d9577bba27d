import { Module } from '@nestjs/common';
import { ClockModule } from '#caas/platform/clock';
import { QueueModule } from '#caas/platform/queue';
import { EventRateProbeModule } from '#caas/platform/realtime';
import { RedisModule } from '#caas/platform/redis';
import { ArchiveWorkModule } from '../archive.module';
import { ArchiveMessagesProcessor } from './archive-messages.processor';
import { PlanArchivingProcessor } from './plan-archiving.processor';
import { ScrubArchiveProcessor } from './scrub-archive.processor';

/** What workers do for the archive. */
@Module({
  imports: [ArchiveWorkModule, ClockModule, EventRateProbeModule, QueueModule, RedisModule],
  providers: [ArchiveMessagesProcessor, ScrubArchiveProcessor, PlanArchivingProcessor],
})
export class ArchiveJobsModule {}

import { Module } from '@nestjs/common';
import { ClockModule } from '#caas/platform/clock';
import { ArchiveWorkModule } from '../archive.module';
import { ArchiveMessagesProcessor } from './archive-messages.processor';
import { PlanArchivingProcessor } from './plan-archiving.processor';
import { ScrubArchiveProcessor } from './scrub-archive.processor';

/** What workers do for the archive. */
@Module({
  imports: [ClockModule, ArchiveWorkModule],
  providers: [ArchiveMessagesProcessor, ScrubArchiveProcessor, PlanArchivingProcessor],
})
export class ArchiveJobsModule {}

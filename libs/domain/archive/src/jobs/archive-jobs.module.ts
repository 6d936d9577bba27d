import { Module } from '@nestjs/common';
import { ArchiveWorkModule } from '../archive.module';
import { ArchiveMessagesProcessor } from './archive-messages.processor';
import { PlanArchivingProcessor } from './plan-archiving.processor';
import { ScrubArchiveProcessor } from './scrub-archive.processor';

/** What workers do for the archive. */
@Module({
  imports: [ArchiveWorkModule],
  providers: [ArchiveMessagesProcessor, ScrubArchiveProcessor, PlanArchivingProcessor],
})
export class ArchiveJobsModule {}

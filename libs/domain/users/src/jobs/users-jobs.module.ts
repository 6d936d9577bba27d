import { Module } from '@nestjs/common';
import { ClockModule } from '#caas/platform/clock';
import { QueueModule } from '#caas/platform/queue';
import { UsersModule } from '../users.module';
import { RefreshReferencesProcessor } from './refresh-references.processor';
import { RepairReferencesProcessor } from './repair-references.processor';
import { SweepReferencesProcessor } from './sweep-references.processor';

@Module({
  imports: [ClockModule, QueueModule, UsersModule],
  providers: [RefreshReferencesProcessor, RepairReferencesProcessor, SweepReferencesProcessor],
})
export class UsersJobsModule {}

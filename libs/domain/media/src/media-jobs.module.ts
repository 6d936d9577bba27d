import { Module } from '@nestjs/common';
import { ClockModule } from '#caas/platform/clock';
import { HealthModule } from '#caas/platform/health';
import { RealtimePublisherModule } from '#caas/platform/realtime';
import { StorageModule } from '#caas/platform/storage';
import { OutboxModule } from '#caas/tenancy';
import { MediaModule } from './media.module';
import { ContentRepository } from './processing/contents/content-repository';
import { FileClaims } from './processing/contents/file-claims';
import { FileOutcomes } from './processing/contents/file-outcomes';
import { Objects } from './processing/contents/objects';
import { FileNotifier } from './processing/file-notifier';
import { Audios } from './processing/processors/audios';
import { Documents } from './processing/processors/documents';
import { Images } from './processing/processors/images';
import { Prober } from './processing/processors/probe';
import { Videos } from './processing/processors/videos';
import { MediaProcessors } from './processing/media-processors';
import { ProcessFileProcessor } from './processing/process-file.processor';
import { TempFolder } from './processing/temp-folder';
import { Ffmpeg } from './processing/tools/ffmpeg';
import { MalwareScanner } from './processing/tools/malware-scanner';
import { Poppler } from './processing/tools/poppler';
import { ToolsCheck } from './processing/tools/tools-check';

/** The media jobs of workers. */
@Module({
  imports: [ClockModule, HealthModule, MediaModule, OutboxModule, RealtimePublisherModule, StorageModule],
  providers: [
    FileClaims,
    ContentRepository,
    FileOutcomes,
    Objects,
    FileNotifier,
    TempFolder,
    MalwareScanner,
    Ffmpeg,
    Poppler,
    ToolsCheck,
    Prober,
    Images,
    Videos,
    Audios,
    Documents,
    MediaProcessors,
    ProcessFileProcessor,
  ],
})
export class MediaJobsModule {}

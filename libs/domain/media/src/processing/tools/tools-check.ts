import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HealthChecks } from '#caas/platform/health';
import { Log } from '#caas/platform/logging';
import { Ffmpeg } from './ffmpeg';
import { Poppler } from './poppler';

/** Logs at a worker's start that ffmpeg is missing, so that videos wait for it, or poppler, for which nothing waits. */
@Injectable()
export class ToolsCheck implements OnModuleInit {
  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly poppler: Poppler,
    private readonly health: HealthChecks,
    private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    this.health.add('video tools', () => this.ffmpeg.require());
    if (!(await this.ffmpeg.isThere()))
      this.log.root.warn('ffmpeg is not installed: videos and audios wait until it is; everything else works');
    if (!(await this.poppler.isThere()))
      this.log.root.warn('poppler-utils is not installed: PDFs are kept without a preview; everything else works');
  }
}

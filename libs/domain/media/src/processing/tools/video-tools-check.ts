import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HealthChecks } from '#caas/platform/health';
import { Log } from '#caas/platform/logging';
import { Ffmpeg } from './ffmpeg';

/** Says when a worker starts without ffmpeg, and that it cannot make videos for as long. */
@Injectable()
export class VideoToolsCheck implements OnModuleInit {
  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly health: HealthChecks,
    private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    this.health.add('video tools', () => this.ffmpeg.require());
    if (await this.ffmpeg.isThere()) return;
    this.log.root.warn('ffmpeg is not installed: videos and audios wait until it is; everything else works');
  }
}

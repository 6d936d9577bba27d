import { Injectable } from '@nestjs/common';
import { Audios } from './processors/audios';
import { Documents } from './processors/documents';
import { Images } from './processors/images';
import { Prober } from './processors/probe';
import type { Sniffed } from './processors/sniff';
import { Videos } from './processors/videos';
import type { ProcessedMedia } from './processed-media';
import { Ffmpeg } from './tools/ffmpeg';
import { Poppler } from './tools/poppler';
import type { ProcessingInput } from './processing-input';

/** Selects the processor for a type of content. */
@Injectable()
export class MediaProcessors {
  constructor(
    readonly images: Images,
    private readonly prober: Prober,
    readonly videos: Videos,
    private readonly audios: Audios,
    private readonly documents: Documents,
  ) {}

  /** For programs without Nest. */
  static with(config: ConstructorParameters<typeof Ffmpeg>[0]): MediaProcessors {
    const [ffmpeg, images] = [new Ffmpeg(config), new Images()];
    const documents = new Documents(new Poppler(config), images);
    return new MediaProcessors(images, new Prober(ffmpeg), new Videos(ffmpeg, images), new Audios(ffmpeg), documents);
  }

  /** @throws FileRefused, RetryLater */
  async make(work: ProcessingInput, sniffed: Sniffed): Promise<ProcessedMedia> {
    const { kind, content_type } = sniffed;
    if (kind === 'image') return this.images.make(work, content_type);
    if (kind !== 'video' && kind !== 'audio') return this.documents.make(work, sniffed);
    const probed = await this.prober.probe(work, content_type);
    const { video } = probed;
    // A video container may hold only audio. The pictures in an audio file are covers.
    if (kind === 'video' && video) return this.videos.make(work, content_type, { ...probed, video });
    return this.audios.make(work, content_type, probed);
  }
}

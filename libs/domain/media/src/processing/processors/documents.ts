import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { NOTHING_KNOWN, variant, type ProcessedMedia } from '../processed-media';
import { FileRefused } from '../outcomes';
import { ToolFailed } from '../tools/limited-run';
import { Poppler } from '../tools/poppler';
import type { ProcessingInput } from '../processing-input';
import { Images } from './images';
import type { Sniffed } from './sniff';

/** Longer side of the drawn page, in pixels. Exceeds the largest thumbnail, because thumbnails are never larger than their source. */
const DRAWN_SIDE = 1600;

/** Documents are stored unchanged and served as attachments. A PDF gets thumbnails of page 1 in the sizes of a picture's. */
@Injectable()
export class Documents {
  constructor(
    private readonly poppler: Poppler,
    private readonly images: Images,
  ) {}

  /** Rejects nothing: a document that cannot be drawn has no preview, and without poppler none has. */
  async make(work: ProcessingInput, sniffed: Sniffed): Promise<ProcessedMedia> {
    const made = asIs(work, sniffed);
    if (sniffed.content_type !== 'application/pdf' || !(await this.poppler.isThere())) return made;
    const page_count = await this.poppler.pages(work.input, work.signal).catch(unlessItsOwn);
    if (page_count === null) return made;
    const preview = await this.preview(work).catch(unlessItsOwn);
    if (!preview) return { ...made, page_count };
    const { thumbhash, thumbnails } = preview;
    return { ...made, page_count, thumbhash, variants: [...made.variants, ...thumbnails] };
  }

  private async preview({ input, output, signal }: ProcessingInput) {
    return this.images.page(await this.poppler.firstPage(input, join(output, 'page'), DRAWN_SIDE, signal));
  }
}

const asIs = ({ input }: ProcessingInput, { kind, content_type }: Sniffed): ProcessedMedia => ({
  ...NOTHING_KNOWN,
  kind,
  content_type,
  variants: [variant('original', 'original', content_type, { path: input })],
});

/** Null for errors caused by the document; rethrows those of the machine, and the worker's stop. */
function unlessItsOwn(error: unknown): null {
  if (error instanceof ToolFailed || error instanceof FileRefused) return null;
  throw error;
}

import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { NOTHING_KNOWN, variant, type ProcessedMedia } from '../processed-media';
import { FileRefused } from '../outcomes';
import { ToolFailed } from '../tools/limited-run';
import { Poppler } from '../tools/poppler';
import type { ProcessingInput } from '../processing-input';
import { Images } from './images';
import type { Sniffed } from './sniff';

/** Of the drawn page, in pixels: larger than the largest thumbnail, which none may be larger than its source. */
const DRAWN_SIDE = 1600;

/** Kept as they are, to be served as attachments; of a PDF, page 1 in the sizes of a picture's thumbnails. */
@Injectable()
export class Documents {
  constructor(
    private readonly poppler: Poppler,
    private readonly images: Images,
  ) {}

  /** Refuses nothing: what cannot be drawn is kept without a preview, and so is everything where poppler is not installed. */
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

/** Null for what is the document's own fault; throws what is the machine's, and that the worker is stopping. */
function unlessItsOwn(error: unknown): null {
  if (error instanceof ToolFailed || error instanceof FileRefused) return null;
  throw error;
}

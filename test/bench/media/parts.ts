import type { Bench } from './bench';
import { feed } from './parts/feed';
import { resumeUpload } from './parts/resume';
import { thumbnails } from './parts/thumbnails';
import { transcode } from './parts/transcode';
import { uploadThroughput } from './parts/upload';

/** In the order in which they run. */
export const PARTS: Record<string, (bench: Bench) => Promise<void>> = {
  upload: uploadThroughput,
  resume: resumeUpload,
  thumbnails: ({ table }) => thumbnails(table),
  transcode: ({ table }) => transcode(table),
  feed,
};

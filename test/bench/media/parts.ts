import type { Bench } from './bench';
import { resumeUpload } from './parts/resume';
import { uploadThroughput } from './parts/upload';

/** In the order in which they run. */
export const PARTS: Record<string, (bench: Bench) => Promise<void>> = {
  upload: uploadThroughput,
  resume: resumeUpload,
};

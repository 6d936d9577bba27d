import type { MediaBench } from './bench';
import { feed } from './parts/feed';

/** In the order in which they run. */
export const PARTS: Record<string, (bench: MediaBench) => Promise<void>> = { feed };

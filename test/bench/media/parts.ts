import type { Bench } from '../messaging/bench';
import { feed } from './parts/feed';

export type MediaBench = Pick<Bench, 'engines' | 'platformKey' | 'api' | 'table'>;

/** In the order in which they run. */
export const PARTS: Record<string, (bench: MediaBench) => Promise<void>> = { feed };

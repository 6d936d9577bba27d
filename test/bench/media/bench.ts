import type { Bench } from '../messaging/bench';

/** What every part works with. */
export type MediaBench = Pick<Bench, 'engines' | 'platformKey' | 'api' | 'table'>;

export { Batcher } from './batcher';
export { forEachConcurrent } from './for-each-concurrent';
export { KeyedMutex } from './keyed-mutex';
export { SingleFlight } from './single-flight';
export { TokenBucket } from './token-bucket';

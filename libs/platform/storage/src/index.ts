export type { Growth } from './growing-objects';
export { type ByteRange, type ObjectInfo, ObjectStorage } from './object-storage';
export { storageConfig } from './storage.config';
export { StorageModule, openStorage } from './storage.module';

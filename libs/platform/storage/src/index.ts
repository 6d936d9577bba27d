export type { MultipartState } from './appendable-objects';
export type { ObjectInfo } from './object-info';
export { type ByteRange, ObjectStorage } from './object-storage';
export { storageConfig } from './storage.config';
export { StorageModule, openStorage } from './storage.module';

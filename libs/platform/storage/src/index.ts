export { type GrowingObjects, type Growth } from './growing-objects';
export { parseKeyPrefix, parseObjectKey } from './object-key';
export { ObjectStorage, type ByteRange, type ObjectInfo, type StoredObject } from './object-storage';
export { storageConfig } from './storage.config';
export { openStorage, StorageModule } from './storage.module';

import { fileReferences } from './file-reference.schema';
import { files } from './file.schema';
import { mediaMetadata } from './media-metadata.schema';
import { mediaUsage } from './media-usage.schema';

export * from './file-reference.schema';
export * from './file.schema';
export * from './media-metadata.schema';
export * from './media-usage.schema';

export const MEDIA_COLLECTIONS = [files, mediaMetadata, fileReferences, mediaUsage];

import { fileReferences } from './file-reference.schema';
import { files } from './file.schema';
import { mediaMetadata } from './media-metadata.schema';

export * from './file-reference.schema';
export * from './file.schema';
export * from './media-metadata.schema';

export const MEDIA_COLLECTIONS = [files, mediaMetadata, fileReferences];

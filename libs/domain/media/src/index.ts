export { FileReferences, type Holder } from './files/file-references';
export { FileViewers, type FileViewer } from './files/file-viewers';
export { attachmentOf, type Attachment } from './files/views';
export { MediaModule } from './media.module';
export { MediaJobsModule } from './media-jobs.module';
export { Makers } from './processing/makers';
export { processingConfig } from './processing/processing.config';

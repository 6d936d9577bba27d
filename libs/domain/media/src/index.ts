export { FileReferences, type Holder } from './files/file-references';
export { FileViewers, type FileViewer } from './files/file-viewers';
export { attachmentOf, type Attachment } from './files/views';
export { MediaHttpModule } from './http/media-http.module';
export { MediaModule } from './media.module';

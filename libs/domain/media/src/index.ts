export { FileReferences, type Holder } from './files/file-references';
export { FileViewers, type FileViewer } from './files/file-viewers';
export { attachmentOf, type Attachment } from './files/views';
export { MediaModule } from './media.module';
export { PostsHttpModule } from './posts/http/posts-http.module';
export { PostsJobsModule } from './posts/posts-jobs.module';

export { FileViewers, type FileViewer } from './files/file-viewers';
export { MediaModule } from './media.module';

export { EncryptionModule } from './encryption.module';
export { EncryptionHttpModule } from './http/encryption-http.module';
export { KeyAudience } from './key-audience';

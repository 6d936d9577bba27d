export { EncryptionModule } from './encryption.module';
export { EncryptionHttpModule } from './http/encryption-http.module';
export { PeerDirectory } from './peer-directory';

export {
  ServerKeyStore,
  SessionDirectory,
  SigningKeyStore,
  TOKEN_ALGORITHMS,
  UserDirectory,
  type KnownUser,
  type ServerKeyRecord,
  type SigningKey,
  type TokenAlgorithm,
} from './ports';

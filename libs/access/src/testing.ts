export { Authenticator } from './authenticator';
export { PublicRoute } from './http/access.guard';
export { idempotencyKeys } from './idempotency/idempotency-key.schema';

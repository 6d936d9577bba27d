import { Allow } from 'class-validator';

/** Payload of `session.renew`. What the token must be, the authenticator says. */
export class RenewalDto {
  @Allow()
  token?: unknown;
}

import { Allow } from 'class-validator';

/** Payload of `session.renew`. The authenticator checks the token. */
export class RenewalDto {
  @Allow()
  token?: unknown;
}

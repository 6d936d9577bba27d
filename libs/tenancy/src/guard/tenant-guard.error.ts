/** A programming error that would have let data cross tenants. Never shown to a client: it becomes a 500 and an audit line. */
export class TenantViolation extends Error {
  override readonly name = 'TenantViolation';

  constructor(
    /** Which of the three layers refused. */
    readonly layer: 'repository' | 'schema' | 'firewall',
    readonly reason: string,
  ) {
    super(`Refused by the tenant ${layer}: ${reason}`);
  }
}

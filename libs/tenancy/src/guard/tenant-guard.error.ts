/** A programming error that would have let data cross tenants. Never shown to a client: it becomes a 500 and an audit line. */
export class TenantViolation extends Error {
  constructor(
    /** Which of the three layers refused. */
    readonly layer: 'repository' | 'schema' | 'firewall',
    readonly reason: string,
  ) {
    super(`Refused by the tenant ${layer}: ${reason}`);
    // Not enumerable: the driver copies enumerable fields to its own errors, where `name` cannot be set.
    Object.defineProperty(this, 'name', { value: 'TenantViolation' });
  }
}

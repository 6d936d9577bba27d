import type { Tier } from '#caas/kernel';
import type { Call, RestClient } from './rest-client';

interface TenantAnswer {
  id: string;
  tier: Tier;
  server_key: { id: string; key: string };
}

export interface Usage {
  placement: string;
  database: string;
  collections: { name: string; documents: number }[];
}

const A_MINUTE = 1_000_000;

/** Granted by the operator: these people say in a minute what others say in years. */
const HASTE = {
  reads_per_minute: A_MINUTE,
  writes_per_minute: A_MINUTE,
  sends_per_minute: A_MINUTE,
  user_reads_per_minute: A_MINUTE,
  user_writes_per_minute: A_MINUTE,
  user_sends_per_minute: A_MINUTE,
};

/** A tenant of the demo, with its credentials: what the tenant's own server and its users' apps would hold. */
export class DemoTenant {
  private readonly tokens = new Map<string, Promise<string>>();

  private constructor(
    readonly rest: RestClient,
    private readonly platformKey: string,
    readonly id: string,
    readonly tier: Tier,
    private readonly serverKey: string,
  ) {}

  static async create(rest: RestClient, platformKey: string, tier: Tier): Promise<DemoTenant> {
    const body = { name: `Demo ${tier}`, tier };
    const made = await rest.expect<TenantAnswer>('POST', '/platform/v1/tenants', { credential: platformKey, body });
    const path = `/platform/v1/tenants/${made.id}/settings`;
    await rest.expect('PATCH', path, { credential: platformKey, body: { limits: HASTE } });
    return new DemoTenant(rest, platformKey, made.id, tier, made.server_key.key);
  }

  usage(): Promise<Usage> {
    return this.rest.expect<Usage>('GET', `/platform/v1/tenants/${this.id}/usage`, { credential: this.platformKey });
  }

  async remove(): Promise<void> {
    await this.rest.expect('DELETE', `/platform/v1/tenants/${this.id}`, { credential: this.platformKey });
  }

  /** A call by the tenant's server. */
  server<T>(method: string, path: string, call: Omit<Call, 'credential'> = {}): Promise<T> {
    return this.rest.expect<T>(method, path, { ...call, credential: this.serverKey });
  }

  /** The credential of a call as `user`: their own token, or the server's key that acts for them. */
  async as(user: string, by: 'token' | 'server_key'): Promise<Pick<Call, 'credential' | 'actingUser'>> {
    if (by === 'server_key') return { credential: this.serverKey, actingUser: user };
    return { credential: await this.tokenOf(user) };
  }

  tokenOf(user: string): Promise<string> {
    let token = this.tokens.get(user);
    if (!token) {
      const path = `/v1/users/${encodeURIComponent(user)}/tokens`;
      const body = { expires_in: 6 * 3600, session: false };
      token = this.server<{ token: string }>('POST', path, { body }).then((answer) => answer.token);
      this.tokens.set(user, token);
    }
    return token;
  }
}

import { TenantSession, type Caller, type SystemAccess } from '#caas/testing';
import type { Tier } from '#caas/kernel';

/** Longer than any run. */
const TOKEN_SECONDS = 6 * 3600;

export interface Usage {
  placement: string;
  database: string;
  collections: { name: string; documents: number }[];
}

/** A tenant of the demo, whose people say in a minute what others say in years. */
export async function demoTenant(system: SystemAccess, tier: Tier): Promise<TenantSession> {
  const tokens = { expires_in: TOKEN_SECONDS, session: false };
  const tenant = await new TenantSession(system, tier, { name: `Demo ${tier}`, tokens }).open();
  await tenant.setLimits();
  return tenant;
}

/** A user's calls: by a token of their own, or by the server's key that acts for them. */
export const callerOf = (tenant: TenantSession, user: string, by: 'token' | 'server_key'): Caller =>
  by === 'token' ? tenant.as(user) : tenant.acting(user);

export const usageOf = ({ id, system }: TenantSession): Promise<Usage> =>
  system.platform.read(`/platform/v1/tenants/${id}/usage`);

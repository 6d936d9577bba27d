import { systemAt, TenantSession } from '#caas/testing';
import type { Bench } from './bench';

/** Credentials of a user of a new tenant that may upload large files. */
export async function newUploader(url: string, { platformKey }: Bench): Promise<Record<string, string>> {
  const tenant = await new TenantSession(systemAt([url], platformKey), 'pro', { name: 'Bench' }).open();
  await tenant.putUser('uploader');
  return tenant.acting('uploader').credentials();
}

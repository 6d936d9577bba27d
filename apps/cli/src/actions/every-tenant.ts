import type { INestApplicationContext } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';
import { TenantsService } from '#caas/control-plane';

const PAGE = 100;

type TenantRecord = Awaited<ReturnType<TenantsService['get']>>;

/** Newest first. */
export async function* everyTenant(app: INestApplicationContext): AsyncIterable<TenantRecord> {
  for (let after: TenantId | null = null; ;) {
    const { data, page } = await app
      .get(TenantsService)
      .page({ cursor: null, limit: PAGE, direction: 'backward', after });
    yield* data;
    if (page.next_cursor === null) return;
    after = page.next_cursor as TenantId;
  }
}

/** The one that was named, which must be there, or all. @throws CaasError `tenant_not_found` */
export async function tenantsNamed(app: INestApplicationContext, id: TenantId | undefined): Promise<TenantId[]> {
  if (id !== undefined) return [(await app.get(TenantsService).get(id))._id as TenantId];
  const ids: TenantId[] = [];
  for await (const { _id } of everyTenant(app)) ids.push(_id as TenantId);
  return ids;
}

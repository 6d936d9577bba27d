import type { TenantId } from '#caas/kernel';

const MAX_OPEN_CURSORS = 50_000;

/** The tenant of each open cursor, so that only that tenant's `getMore` is allowed. */
export class CursorOwners {
  private readonly owners = new Map<string, TenantId>();

  opened(cursorId: string, tenantId: TenantId): void {
    if (this.owners.size >= MAX_OPEN_CURSORS) this.forgetOldest();
    this.owners.set(cursorId, tenantId);
  }

  belongsTo(cursorId: string, tenantId: TenantId): boolean {
    return this.owners.get(cursorId) === tenantId;
  }

  closed(cursorId: string): void {
    this.owners.delete(cursorId);
  }

  get open(): number {
    return this.owners.size;
  }

  private forgetOldest(): void {
    const [oldest] = this.owners.keys();
    if (oldest !== undefined) this.owners.delete(oldest);
  }
}

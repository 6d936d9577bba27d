import type { TenantSession, TestSystem } from '#caas/testing';
import type { JobQueue } from './job-queue';
import { TenantRows } from './tenant-rows';

/** A tenant with some conversations, of which every message is due to be archived. */
export class DueTenant {
  /** In each of its conversations. */
  static readonly MESSAGES = 6;

  private constructor(
    readonly tenant: TenantSession,
    private readonly rows: TenantRows,
    private readonly archive: JobQueue,
    /** Of its conversations. */
    readonly ids: string[],
  ) {}

  /** @param archive where its jobs go */
  static async at(system: TestSystem, archive: JobQueue, conversations = 1): Promise<DueTenant> {
    const tenant = await system.tenant('free');
    await tenant.server().patch('/v1/settings', { archive: { after_days: 0 } });
    await tenant.users('anna', 'ben');
    const ids: string[] = [];
    for (let n = 0; n < conversations; n += 1) {
      const room = await tenant.room('anna', ['ben']);
      ids.push(room.id);
      for (let at = 0; at < DueTenant.MESSAGES; at += 1) await tenant.send('anna', room);
    }
    return new DueTenant(tenant, await TenantRows.open(tenant.id, 'free'), archive, ids);
  }

  /** Runs a job of the archive. @throws Error when it failed */
  async run(job: string, after: string | null = null): Promise<void> {
    await this.archive.done(await this.archive.addFor(this.tenant.id, job, { after }));
  }

  count(collection: string, more: object = {}): Promise<number> {
    return this.rows.of(collection).countDocuments({ tenant_id: this.tenant.id, ...more });
  }

  /** How many messages are not archived. */
  hot(): Promise<number> {
    return this.count('messages');
  }

  /** The same, by conversation. */
  async hotByConversation(): Promise<number[]> {
    const rows = await this.rows.of('messages').find({ tenant_id: this.tenant.id }).toArray();
    return this.ids.map((id) => rows.filter(({ conversation_id }) => String(conversation_id) === id).length);
  }

  /** How many messages of each conversation a member is shown. */
  async readable(): Promise<number[]> {
    const anna = this.tenant.acting('anna');
    const pages = await Promise.all(this.ids.map((id) => anna.get(`/v1/conversations/${id}/messages`)));
    return pages.map(({ body }) => (body.data as unknown[]).length);
  }

  close(): Promise<void> {
    return this.rows.close();
  }
}

import type { QueueName } from '#caas/contracts';

interface Concurrency {
  /** How many jobs of one tenant a worker process stands for; all processes together share them out. */
  tenant: number;
  /** On top of these: kept for other tenants, however long that one's jobs take. */
  reserved: number;
}

/** Of one worker process. `tenants` and `maintenance` have jobs of the whole installation only. */
export const CONCURRENCY: Record<QueueName, Concurrency> = {
  media: { tenant: 2, reserved: 1 },
  archive: { tenant: 1, reserved: 1 },
  references: { tenant: 4, reserved: 1 },
  webhooks: { tenant: 8, reserved: 1 },
  tenants: { tenant: 2, reserved: 0 },
  maintenance: { tenant: 4, reserved: 0 },
};

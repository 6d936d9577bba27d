import type { QueueName } from '#caas/contracts';

interface Concurrency {
  /** Slots of one tenant per worker process; all processes together share them. */
  tenant: number;
  /** Slots on top of these, kept for other tenants while one tenant's jobs take long. */
  reserved: number;
}

/** The concurrency of one worker process. `tenants` and `maintenance` only have jobs of the whole installation. */
export const CONCURRENCY: Record<QueueName, Concurrency> = {
  media: { tenant: 2, reserved: 1 },
  archive: { tenant: 1, reserved: 1 },
  references: { tenant: 4, reserved: 1 },
  webhooks: { tenant: 8, reserved: 1 },
  tenants: { tenant: 2, reserved: 0 },
  maintenance: { tenant: 4, reserved: 0 },
};

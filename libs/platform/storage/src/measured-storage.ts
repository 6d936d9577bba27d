import { Histogram } from 'prom-client';
import { LATENCY_BUCKETS, type Metrics } from '#caas/platform/metrics';
import type { ObjectStorage } from './object-storage';

const OPERATIONS = ['put', 'get', 'head', 'delete'] as const;

/**
 * The same storage with metrics of each operation's duration. A streamed operation is measured up to its first byte. Calls that
 * the storage makes to itself are not counted.
 */
export function measured(storage: ObjectStorage, { registry }: Metrics): ObjectStorage {
  const duration = new Histogram({
    name: 'caas_storage_operation_duration_seconds',
    help: 'Time of one operation on an object, by whether it succeeded; of a get, until its first bytes are there',
    labelNames: ['operation', 'outcome'],
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
  const outer = Object.create(storage, {
    list: { value: storage.list.bind(storage) },
  }) as ObjectStorage;
  for (const operation of OPERATIONS) {
    const perform = (storage[operation] as (...parameters: unknown[]) => Promise<unknown>).bind(storage);
    const ended = (outcome: 'ok' | 'failed', startedAtMs: number) =>
      duration.observe({ operation, outcome }, (performance.now() - startedAtMs) / 1000);
    const timed = async (...parameters: unknown[]) => {
      const startedAtMs = performance.now();
      try {
        const answer = await perform(...parameters);
        ended('ok', startedAtMs);
        return answer;
      } catch (error) {
        ended('failed', startedAtMs);
        throw error;
      }
    };
    Object.defineProperty(outer, operation, { value: timed });
  }
  return outer;
}

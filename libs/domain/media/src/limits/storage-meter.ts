import { FOR_GOOD, type UsageMeter } from '#caas/domain/usage';
import { files } from '../persistence';
import type { MediaUsage } from './media-usage';

/** Bytes of files that are not deleted: their uploaded or reserved size. */
export const storageMeter = (usage: MediaUsage): UsageMeter => ({
  quota: 'storage_bytes',
  inTransaction: true,
  total: async (ctx) => (await usage.of(ctx)).bytes,
  kept: async (ctx) => new Map([[FOR_GOOD, (await usage.of(ctx)).bytes]]),
  counted: async (ctx) => {
    const sum = { $group: { _id: null, bytes: { $sum: '$size_bytes' } } };
    const [row] = await ctx.repository(files).aggregate<{ bytes: number }>([sum]);
    return new Map([[FOR_GOOD, row?.bytes ?? 0]]);
  },
});

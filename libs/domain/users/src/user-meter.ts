import type { RequestContext } from '#caas/kernel';
import { FOR_GOOD, type UsageMeter, type UserCounter } from '#caas/domain/usage';
import { users } from './persistence/user.schema';

/** Counts users that are not deleted, including deactivated ones. */
export function userMeter(counter: UserCounter): UsageMeter {
  const there = (ctx: RequestContext) => ctx.repository(users).count({});
  return {
    quota: 'users',
    inTransaction: true,
    total: (ctx) => counter.total(ctx),
    kept: async (ctx) => new Map([[FOR_GOOD, await counter.total(ctx)]]),
    counted: async (ctx) => new Map([[FOR_GOOD, await there(ctx)]]),
    correct: async (ctx) => {
      const difference = await ctx.transaction(async (tx) => (await there(tx)) - (await counter.total(tx)));
      await counter.correct(ctx, difference);
      return true;
    },
  };
}

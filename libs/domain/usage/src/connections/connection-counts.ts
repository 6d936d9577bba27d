import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { TenantId } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';

/** Sockets of a process that was killed count for as long after its last sign of life. */
const ALIVE_MS = 15_000;

/** What of the hash is not of processes that are gone; those are removed. A field is a process, its value `count:aliveUntilMs`. */
const SUM_OF_OTHERS = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local others = 0
  local all = redis.call('HGETALL', KEYS[1])
  for at = 1, #all, 2 do
    local count, till = string.match(all[at + 1], '^(%d+):(%d+)$')
    if tonumber(till or 0) <= now then redis.call('HDEL', KEYS[1], all[at])
    elseif all[at] ~= ARGV[1] then others = others + count end
  end`;

/** ARGV: process, its count, how long it is believed, limit (-1: none). Answers the whole, and writes it unless it is too much. */
const TAKE = `${SUM_OF_OTHERS}
  local total = others + ARGV[2]
  if tonumber(ARGV[4]) >= 0 and total > tonumber(ARGV[4]) then return {total, 0} end
  if tonumber(ARGV[2]) == 0 then redis.call('HDEL', KEYS[1], ARGV[1])
  else
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. (now + ARGV[3]))
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
  return {total, 1}`;

const SUM = `${SUM_OF_OTHERS}
  return others`;

/**
 * How many sockets a tenant has, over all processes: one hash in Redis for each tenant, in which each process keeps its own
 * number and gives a sign of life. Numbers are written whole and never added to, so that a Redis that was emptied, or a process
 * that was killed, is made good by the next signs.
 */
@Injectable()
export class ConnectionCounts {
  private readonly process = new ObjectId().toHexString();

  constructor(private readonly redis: RedisConnections) {}

  /**
   * Writes down that this process has so many, unless the tenant had too many by that.
   * @param limit null: whatever comes of it
   * @returns how many there are, or would be, in all
   */
  async write(tenantId: TenantId, own: number, limit: number | null): Promise<{ total: number; fits: boolean }> {
    const answer = await this.redis.commands.eval(TAKE, 1, keyOf(tenantId), this.process, own, ALIVE_MS, limit ?? -1);
    const [total, fits] = answer as [number, number];
    return { total, fits: fits === 1 };
  }

  async total(tenantId: TenantId): Promise<number> {
    return (await this.redis.commands.eval(SUM, 1, keyOf(tenantId), '')) as number;
  }

  /** So often a process has to give its sign of life. */
  readonly renewEveryMs = ALIVE_MS / 3;
}

const keyOf = (tenantId: TenantId): string => `caas:connections:${tenantId}`;

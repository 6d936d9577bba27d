import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { TenantId } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';

/** Sockets of a process that was killed count for as long after its last sign of life. */
const ALIVE_MS = 15_000;
/** Since the last change of what the user has there: sockets seldom last longer, and a forgotten count admits too many, not too few. */
const USER_REMEMBERED_MS = 24 * 3_600_000;

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

/** Of one user's hash, by process; what is of processes that no longer count in the tenant's hash is removed. */
const OTHERS_OF_USER = `
  local ofUser = 0
  local each = redis.call('HGETALL', KEYS[2])
  for at = 1, #each, 2 do
    if each[at] ~= ARGV[1] then
      if redis.call('HEXISTS', KEYS[1], each[at]) == 1 then ofUser = ofUser + each[at + 1]
      else redis.call('HDEL', KEYS[2], each[at]) end
    end
  end`;

/** ARGV: process, its count of the user, how long that is remembered. */
const KEEP_OF_USER = `
  if tonumber(ARGV[2]) == 0 then redis.call('HDEL', KEYS[1], ARGV[1])
  else
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end`;

/**
 * ARGV: process, its count, how long it is believed, the tenant's limit (-1: none), the process' count of the user, the user's
 * limit, how long that is remembered. Answers the tenant's whole and whose limit was too low, and writes the counts unless one was.
 */
const TAKE = `${SUM_OF_OTHERS}
  local total = others + ARGV[2]
  ${OTHERS_OF_USER}
  if ofUser + ARGV[5] > tonumber(ARGV[6]) then return {total, 'user'} end
  if tonumber(ARGV[4]) >= 0 and total > tonumber(ARGV[4]) then return {total, 'tenant'} end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. (now + ARGV[3]))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[5])
  redis.call('PEXPIRE', KEYS[2], ARGV[7])
  return {total, ''}`;

/** ARGV: process, its count, how long it is believed. */
const KEEP = `${SUM_OF_OTHERS}
  if tonumber(ARGV[2]) == 0 then redis.call('HDEL', KEYS[1], ARGV[1])
  else
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. (now + ARGV[3]))
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end`;

const SUM = `${SUM_OF_OTHERS}
  return others`;

/** One more socket, as a process would have it. */
export interface SocketClaim {
  tenantId: TenantId;
  userId: string;
  /** Of this process, with the one more. */
  own: number;
  ownOfUser: number;
  /** Null: no limit. */
  limit: number | null;
  userLimit: number;
}

/**
 * How many sockets a tenant has, over all processes: one hash in Redis for each tenant, in which each process keeps its own
 * number and gives a sign of life; and one for each user with sockets, whose numbers count while their process gives such a sign.
 * Numbers are written whole and never added to, so that a Redis that was emptied, or a process that was killed, is made good by
 * the next signs.
 */
@Injectable()
export class ConnectionCounts {
  private readonly process = new ObjectId().toHexString();

  constructor(private readonly redis: RedisConnections) {}

  /**
   * Writes down that this process has one more, unless that were too many.
   * @returns how many the tenant has, or would have, in all; and whose limit was too low
   */
  async take(claim: SocketClaim): Promise<{ total: number; exceeded: 'tenant' | 'user' | null }> {
    const { tenantId, userId, own, ownOfUser, limit, userLimit } = claim;
    const keys = [keyOf(tenantId), userKeyOf(tenantId, userId)];
    const values = [this.process, own, ALIVE_MS, limit ?? -1, ownOfUser, userLimit, USER_REMEMBERED_MS];
    const answer = await this.redis.commands.eval(TAKE, keys.length, ...keys, ...values);
    const [total, exceeded] = answer as [number, 'tenant' | 'user' | ''];
    return { total, exceeded: exceeded || null };
  }

  /** Writes down how many of the tenant's this process has. */
  async keep(tenantId: TenantId, own: number): Promise<void> {
    await this.redis.commands.eval(KEEP, 1, keyOf(tenantId), this.process, own, ALIVE_MS);
  }

  /** Writes down how many of the user's this process has. */
  async keepOfUser(tenantId: TenantId, userId: string, own: number): Promise<void> {
    const key = userKeyOf(tenantId, userId);
    await this.redis.commands.eval(KEEP_OF_USER, 1, key, this.process, own, USER_REMEMBERED_MS);
  }

  async total(tenantId: TenantId): Promise<number> {
    return (await this.redis.commands.eval(SUM, 1, keyOf(tenantId), '')) as number;
  }

  /** So often a process has to give its sign of life. */
  readonly renewEveryMs = ALIVE_MS / 3;
}

const userKeyOf = (tenantId: TenantId, userId: string): string => `${keyOf(tenantId)}:${userId}`;
const keyOf = (tenantId: TenantId): string => `caas:connections:${tenantId}`;

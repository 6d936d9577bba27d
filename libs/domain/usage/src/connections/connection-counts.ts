import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { TenantId } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';

/** The counts of a killed process stay valid for this long after its last heartbeat. */
const ALIVE_MS = 15_000;
/**
 * Expiry after the last change of a user's count. Sockets seldom live longer, and a lost count admits too many sockets rather than too
 * few.
 */
const USER_REMEMBERED_MS = 24 * 3_600_000;

/**
 * Sums the counts of the other live processes in the tenant's hash, and removes dead ones. A field is a process, its value
 * `count:aliveUntilMs`.
 */
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

/** Sums one user's counts by other processes, and removes those of processes that are not live in the tenant's hash. */
const OTHERS_OF_USER = `
  local ofUser = 0
  local each = redis.call('HGETALL', KEYS[2])
  for at = 1, #each, 2 do
    if each[at] ~= ARGV[1] then
      if redis.call('HEXISTS', KEYS[1], each[at]) == 1 then ofUser = ofUser + each[at + 1]
      else redis.call('HDEL', KEYS[2], each[at]) end
    end
  end`;

/** ARGV: process, its count for the user, the hash's expiry. */
const KEEP_OF_USER = `
  if tonumber(ARGV[2]) == 0 then redis.call('HDEL', KEYS[1], ARGV[1])
  else
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end`;

/**
 * ARGV: process, its count, how long the count is valid, the tenant's limit (-1: none), the process' count for the user, the user's
 * limit, the expiry of the user's hash. Returns the tenant's total and which limit is exceeded; writes the counts unless one is.
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

/** ARGV: process, its count, how long the count is valid. */
const KEEP = `${SUM_OF_OTHERS}
  if tonumber(ARGV[2]) == 0 then redis.call('HDEL', KEYS[1], ARGV[1])
  else
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. (now + ARGV[3]))
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end`;

const SUM = `${SUM_OF_OTHERS}
  return others`;

/** A request for one more socket on this process. */
export interface SocketClaim {
  tenantId: TenantId;
  userId: string;
  /** Counts of this process, including the new socket. */
  own: number;
  ownOfUser: number;
  /** Null: no limit. */
  limit: number | null;
  userLimit: number;
}

/**
 * Counts a tenant's sockets over all processes. Redis has one hash per tenant, in which each process writes its own count with a
 * heartbeat, and one hash per user with sockets, whose counts are valid while their process is live. Counts are overwritten, never
 * incremented, so the next heartbeats repair them after Redis was emptied or a process was killed.
 */
@Injectable()
export class ConnectionCounts {
  private readonly process = new ObjectId().toHexString();

  constructor(private readonly redis: RedisConnections) {}

  /**
   * Records one more socket of this process, unless a limit is exceeded.
   * @returns the tenant's total including the new socket, and which limit is exceeded
   */
  async take(claim: SocketClaim): Promise<{ total: number; exceeded: 'tenant' | 'user' | null }> {
    const { tenantId, userId, own, ownOfUser, limit, userLimit } = claim;
    const keys = [keyOf(tenantId), userKeyOf(tenantId, userId)];
    const values = [this.process, own, ALIVE_MS, limit ?? -1, ownOfUser, userLimit, USER_REMEMBERED_MS];
    const answer = await this.redis.commands.eval(TAKE, keys.length, ...keys, ...values);
    const [total, exceeded] = answer as [number, 'tenant' | 'user' | ''];
    return { total, exceeded: exceeded || null };
  }

  /** Records this process's count for the tenant. */
  async keep(tenantId: TenantId, own: number): Promise<void> {
    await this.redis.commands.eval(KEEP, 1, keyOf(tenantId), this.process, own, ALIVE_MS);
  }

  /** Records this process's count for the user. */
  async keepOfUser(tenantId: TenantId, userId: string, own: number): Promise<void> {
    const key = userKeyOf(tenantId, userId);
    await this.redis.commands.eval(KEEP_OF_USER, 1, key, this.process, own, USER_REMEMBERED_MS);
  }

  async total(tenantId: TenantId): Promise<number> {
    return (await this.redis.commands.eval(SUM, 1, keyOf(tenantId), '')) as number;
  }

  /** The heartbeat interval, in milliseconds. */
  readonly renewEveryMs = ALIVE_MS / 3;
}

const userKeyOf = (tenantId: TenantId, userId: string): string => `${keyOf(tenantId)}:${userId}`;
const keyOf = (tenantId: TenantId): string => `caas:connections:${tenantId}`;

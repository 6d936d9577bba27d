/*
 * KEYS: 1 admitted jobs of the tenant, by when that was; 2 its parked ones, by when they were made; 3 tenants with either;
 *       4 tenants with parked ones; 5 live workers, by when they are taken for dead.
 * ARGV: 1 the tenant; 2 its slots in one worker; 3 what BullMQ's keys of jobs begin with; then as each script says.
 */
const COMMON = `
local admitted, parked, tenants, backlogged, workers = unpack(KEYS)
local tenant, slots, prefix = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Tenants that have more than their slots share those of one, so that their jobs never stand in front of the workers by the thousand.
local function hasRoom()
  local alive = math.max(1, redis.call('ZCOUNT', workers, now, '+inf'))
  local sharing = math.max(1, redis.call('SCARD', backlogged))
  return redis.call('ZCARD', admitted) < math.ceil(slots * alive / sharing)
end

local function admit(id)
  redis.call('ZADD', admitted, now, id)
  redis.call('SADD', tenants, tenant)
  return 1
end

local function park(id, createdAt)
  redis.call('ZADD', parked, createdAt, id)
  redis.call('SADD', tenants, tenant)
  redis.call('SADD', backlogged, tenant)
  return 0
end

local function forgetIfEmpty()
  if redis.call('EXISTS', parked) == 1 then return end
  redis.call('SREM', backlogged, tenant)
  if redis.call('EXISTS', admitted) == 0 then redis.call('SREM', tenants, tenant) end
end

-- What BullMQ does not have is passed over: an operator removed it, or its producer adds it just now and runs RESUME after that.
local function admitNext()
  local next = {}
  while hasRoom() do
    local first = redis.call('ZPOPMIN', parked)[1]
    if not first then break end
    if redis.call('EXISTS', prefix .. first) == 1 then
      admit(first)
      next[#next + 1] = first
    end
  end
  forgetIfEmpty()
  return next
end
`;

/** ARGV: 4 id of a new job, 5 its creation time (ms). Returns 1 when it is admitted, 0 when it is parked. */
export const ENTER = `${COMMON}
if redis.call('EXISTS', parked) == 0 and hasRoom() then return admit(ARGV[4]) end
return park(ARGV[4], ARGV[5])`;

const START_OR_PARK = `
if redis.call('ZSCORE', admitted, ARGV[4]) then return 1 end
if not hasRoom() then return park(ARGV[4], ARGV[5]) end
redis.call('ZREM', parked, ARGV[4])
admit(ARGV[4])
forgetIfEmpty()
return 1`;

/** ARGV as for ENTER, for a job that a worker has taken; returns 1 also when it was admitted before. */
export const START = `${COMMON}${START_OR_PARK}`;

/**
 * As START, for a parked job that was added to BullMQ. Returns 0 for a job that is not delayed any more: it was started, and may
 * have ended already.
 */
export const RESUME = `${COMMON}
if not redis.call('ZSCORE', prefix .. 'delayed', ARGV[4]) then return 0 end
${START_OR_PARK}`;

/** ARGV: 4 id of a job that leaves. Returns the jobs that are admitted in its place. */
export const LEAVE = `${COMMON}
redis.call('ZREM', admitted, ARGV[4])
return admitNext()`;

/** ARGV: 4 an age in ms. Returns the parked jobs that are admitted now, and the jobs that were admitted longer ago than that age. */
export const LOOK_AFTER = `${COMMON}
local old = redis.call('ZRANGEBYSCORE', admitted, 0, now - tonumber(ARGV[4]))
return { admitNext(), old }`;

/** KEYS: 1 live workers. ARGV: 1 id of a worker, 2 for how long this keeps it alive (ms). */
export const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return 1`;

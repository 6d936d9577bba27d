import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Lock, Locker } from '@tus/server';
import { CaasError } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';

/** After its holder crashed, a lease blocks others for this long. */
const LEASE_MS = 5_000;
const RENEW_EVERY_MS = 500;
const ASK_EVERY_MS = 100;
/** Longer than a lease: a client that returns after a crash waits instead of being refused. */
const WAIT_AT_MOST_MS = 10_000;

/** Returns 1 when renewed, 2 when renewed while another request waits for it, 0 when another request holds it. */
const RENEW = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('pexpire', KEYS[1], ARGV[2])
return 1 + redis.call('exists', KEYS[2])`;

const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
return 1`;

/** Serializes the requests to an upload across processes; the latest request takes over from the current holder (tus 1.0). */
@Injectable()
export class UploadLeases {
  constructor(private readonly redis: RedisConnections) {}

  /** Creates the locker for one tenant's requests. `leases` are the acquired ones; bytes are written only while all of them are held. */
  lockerOf(tenantId: string): Locker & { leases: UploadLease[] } {
    const leases: UploadLease[] = [];
    return {
      leases,
      newLock: (id) => {
        const lease = new UploadLease(this.redis.commands, `caas:upload:${tenantId}:${id}`);
        leases.push(lease);
        return lease;
      },
    };
  }
}

type Commands = Pick<RedisConnections['commands'], 'set' | 'eval'>;

export class UploadLease implements Lock {
  private readonly token = randomBytes(12).toString('hex');
  private heldUntil = 0;
  private renewing: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: Commands,
    private readonly key: string,
  ) {}

  /**
   * @param onWanted is called when another request waits for the lease, and when it is lost
   * @throws CaasError `upload_busy` (409); while Redis is unavailable, its error, which becomes a 503
   */
  async lock(signal: AbortSignal, onWanted: () => void): Promise<void> {
    const deadline = Date.now() + WAIT_AT_MOST_MS;
    while (!(await this.take())) {
      if (signal.aborted || Date.now() > deadline) throw busy();
      await this.redis.set(this.wanted, '1', 'PX', 4 * RENEW_EVERY_MS);
      await sleep(ASK_EVERY_MS);
    }
    this.renewing = setInterval(() => void this.renew(onWanted), RENEW_EVERY_MS);
  }

  async unlock(): Promise<void> {
    clearInterval(this.renewing);
    this.heldUntil = 0;
    // If Redis is unavailable, the lease expires by itself.
    await this.redis.eval(RELEASE, 1, this.key, this.token).catch(() => undefined);
  }

  /** Called before bytes are written. A process that was paused has not seen that its lease expired, but its clock shows it. */
  assertHeld(): void {
    if (Date.now() >= this.heldUntil) throw lost();
  }

  private get wanted(): string {
    return `${this.key}:wanted`;
  }

  private async take(): Promise<boolean> {
    const asked = Date.now();
    if ((await this.redis.set(this.key, this.token, 'PX', LEASE_MS, 'NX')) === null) return false;
    this.heldUntil = asked + LEASE_MS;
    return true;
  }

  private async renew(onWanted: () => void): Promise<void> {
    const asked = Date.now();
    try {
      const answer = Number(await this.redis.eval(RENEW, 2, this.key, this.wanted, this.token, LEASE_MS));
      if (this.heldUntil > 0) this.heldUntil = answer === 0 ? 0 : asked + LEASE_MS;
      if (answer !== 1) onWanted();
    } catch {
      if (Date.now() >= this.heldUntil) onWanted();
    }
  }
}

const busy = () =>
  new CaasError('conflict', 'upload_busy', 'Another request is working on this upload.', [], { retryAfterSeconds: 1 });

const lost = () => new CaasError('unavailable', 'unavailable', 'The upload was interrupted. Resume it.');

import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { FailedAuthEvents, type FailedAuth } from '#caas/access';
import { Log } from '#caas/platform/logging';
import { AuditLog } from './audit-log.repository';

const WINDOW_MS = 60_000;
/** The most entries in one window, by their subject. */
const MAX_LINES = {
  /** An existing key with a wrong secret: forging these requires knowing the key's id. */
  namedKeys: 100,
  /** An unverified key or tenant id: one entry for each address … */
  claimed: 60,
  claimedOfOneNetwork: 10,
  /** … and beyond that one for each kind of refusal; for platform keys, for each address. */
  kinds: 40,
} as const;

interface Window {
  failure: FailedAuth;
  /** Repetitions after the first, which has its own entry. */
  repeated: number;
}

type Budget = 'namedKeys' | 'claimed' | 'kinds';

/**
 * Records refused credentials in the audit log. Anybody can send made-up credentials, so the entries are bounded. The first refusal of
 * a kind is written at once; those of the following minute share one entry with their count. A process writes at most two hundred kinds
 * a minute; the rest is one number in one entry. Addresses are recorded only for platform keys: others may be of end users, of whom the
 * control plane stores nothing.
 */
@Injectable()
export class FailedAuthAudit implements OnModuleInit, BeforeApplicationShutdown {
  private windows = new Map<string, Window>();
  private used: Record<Budget, number> = noLines();
  private claimedBy = new Map<string, number>();
  private leftOut = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly failures: FailedAuthEvents,
    private readonly audit: AuditLog,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.failures.on((failure) => this.note(failure));
    this.timer = setInterval(() => void this.closeWindows(), WINDOW_MS);
    this.timer.unref();
  }

  /** Writes the pending counts before the process ends. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.closeWindows();
  }

  private note(failure: FailedAuth): void {
    const { credential, reason, tenantId, keyId, network } = failure;
    // Tokens expire everywhere every day: an entry for each address would add many entries but no information.
    const kind = `${credential} ${reason} ${credential === 'platform_key' ? network : ''}`;
    const isNamed = reason === 'wrong_secret';
    if (this.count(`${kind} ${tenantId} ${keyId}`, failure, isNamed ? 'namedKeys' : 'claimed')) return;
    if (this.count(kind, { ...failure, tenantId: null, keyId: null }, 'kinds')) return;
    this.leftOut += 1;
  }

  /** False when the budget has no entry left for it. */
  private count(id: string, failure: FailedAuth, budget: Budget): boolean {
    const open = this.windows.get(id);
    if (open) {
      open.repeated += 1;
      return true;
    }
    if (!this.hasLineLeft(failure.network, budget)) return false;
    this.windows.set(id, { failure, repeated: 0 });
    void this.write(failure, {});
    return true;
  }

  private hasLineLeft(network: string, budget: Budget): boolean {
    if (this.used[budget] >= MAX_LINES[budget]) return false;
    if (budget === 'claimed') {
      const claimed = this.claimedBy.get(network) ?? 0;
      if (claimed >= MAX_LINES.claimedOfOneNetwork) return false;
      this.claimedBy.set(network, claimed + 1);
    }
    this.used[budget] += 1;
    return true;
  }

  private async closeWindows(): Promise<void> {
    const repeated = [...this.windows.values()].filter((window) => window.repeated > 0);
    const { leftOut } = this;
    this.windows = new Map();
    this.claimedBy = new Map();
    this.used = noLines();
    this.leftOut = 0;
    await Promise.all(repeated.map((window) => this.write(window.failure, { repeated: window.repeated })));
    if (leftOut > 0) await this.append('', null, { left_out: leftOut });
  }

  private write({ credential, reason, tenantId, keyId, network, requestId }: FailedAuth, more: object): Promise<void> {
    const details = {
      credential,
      reason,
      ...(keyId === null ? {} : { key_id: keyId }),
      ...(credential === 'platform_key' ? { address: network } : {}),
      ...more,
    };
    return this.append(requestId, tenantId, details);
  }

  private async append(requestId: string, tenantId: FailedAuth['tenantId'], details: Record<string, unknown>) {
    try {
      await this.audit.write({ name: 'system', requestId }, 'credential.refused', tenantId, details);
    } catch (error) {
      this.log.root.error({ reason: (error as Error).message }, 'a refused credential could not be written down');
    }
  }
}

const noLines = (): Record<Budget, number> => ({ namedKeys: 0, claimed: 0, kinds: 0 });

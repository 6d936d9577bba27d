import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CredentialRefusals, type CredentialRefusal } from '#caas/access';
import { Log } from '#caas/platform/logging';
import { AuditLog } from './audit-log.repository';

const WINDOW_MS = 60_000;
const MAX_OPEN_WINDOWS = 1_000;
/** Of different keys, in one window: more is an attack on the audit log itself. */
const MAX_LINES_PER_WINDOW = 100;

interface Window {
  refusal: CredentialRefusal;
  /** After the first, which has its own line. */
  repeated: number;
}

/**
 * Writes down refused credentials. Anybody can make them up, so what they can write is bounded: the first of a key has a line at
 * once, those of the minute after it share one that counts them, and a process writes about a hundred lines a minute at most.
 */
@Injectable()
export class RefusedCredentials implements OnModuleInit, BeforeApplicationShutdown {
  private readonly windows = new LRUCache<string, Window>({ max: MAX_OPEN_WINDOWS });
  private lines = 0;
  private leftOut = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly refusals: CredentialRefusals,
    private readonly audit: AuditLog,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.refusals.on((refusal) => this.note(refusal));
    this.timer = setInterval(() => void this.closeWindows(), WINDOW_MS);
    this.timer.unref();
  }

  /** What was counted so far is written, not lost. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.closeWindows();
  }

  private note(refusal: CredentialRefusal): void {
    const { credential, reason, tenantId, keyId } = refusal;
    const id = `${credential} ${reason} ${tenantId} ${keyId}`;
    const open = this.windows.get(id);
    if (open) return void (open.repeated += 1);
    if (this.lines >= MAX_LINES_PER_WINDOW) return void (this.leftOut += 1);
    this.lines += 1;
    this.windows.set(id, { refusal, repeated: 0 });
    void this.write(refusal, {});
  }

  private async closeWindows(): Promise<void> {
    const repeated = [...this.windows.values()].filter((window) => window.repeated > 0);
    this.windows.clear();
    this.lines = 0;
    if (this.leftOut > 0)
      this.log.root.warn({ left_out: this.leftOut }, 'more refused credentials than are written down');
    this.leftOut = 0;
    await Promise.all(repeated.map((window) => this.write(window.refusal, { repeated: window.repeated })));
  }

  private async write({ tenantId, keyId, requestId, ...what }: CredentialRefusal, more: object): Promise<void> {
    try {
      const details = { ...what, key_id: keyId, ...more };
      await this.audit.write({ name: 'system', requestId }, 'credential.refused', tenantId, details);
    } catch (error) {
      this.log.root.error({ reason: (error as Error).message }, 'a refused credential could not be written down');
    }
  }
}

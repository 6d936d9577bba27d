import { Injectable } from '@nestjs/common';
import { Log } from '#caas/platform/logging';

export const CHECK_TIMEOUT_MS = 2_000;

/** Resolves when the part is reachable. */
export type HealthCheck = () => Promise<unknown>;

export interface Readiness {
  ready: boolean;
  checks: Record<string, 'ok' | 'down'>;
}

/** The health checks of everything that a process needs; each library adds its own dependencies. */
@Injectable()
export class HealthChecks {
  private readonly checks = new Map<string, HealthCheck>();
  private readonly down = new Set<string>();
  private underway: Promise<Readiness> | null = null;

  constructor(private readonly log: Log) {}

  add(name: string, check: HealthCheck): void {
    if (this.checks.has(name)) throw new Error(`Two health checks are named "${name}".`);
    this.checks.set(name, check);
  }

  /** Runs all checks at once, each with two seconds. Callers at the same time share one run. */
  run(): Promise<Readiness> {
    this.underway ??= this.runAll().finally(() => (this.underway = null));
    return this.underway;
  }

  private async runAll(): Promise<Readiness> {
    const outcomes = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, this.noticed(name, await failureOf(check))] as const),
    );
    return { ready: outcomes.every(([, outcome]) => outcome === 'ok'), checks: Object.fromEntries(outcomes) };
  }

  /** Logs a change of state, with the reason, which is not shown to clients. */
  private noticed(name: string, failure: Error | null): 'ok' | 'down' {
    if (failure && !this.down.has(name)) this.log.root.warn({ check: name, err: failure }, 'a part is down');
    if (!failure && this.down.has(name)) this.log.root.info({ check: name }, 'a part is back');
    if (failure) this.down.add(name);
    else this.down.delete(name);
    return failure ? 'down' : 'ok';
  }
}

async function failureOf(check: HealthCheck): Promise<Error | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), timeout]);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}

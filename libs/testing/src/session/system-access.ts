import { Caller, roundRobin } from '../clients/caller';
import type { RetryPolicy } from '../retry-policy';

/** What a session needs of a running system. */
export interface SystemAccess {
  /** Of its apis. */
  readonly urls: readonly string[];
  /** The operator. */
  readonly platform: Caller;
  /** With one, the session's callers repeat what fails, and go to all apis in turn. */
  readonly retry?: RetryPolicy | undefined;
}

/** A system that runs already, for a program that is no test. */
export function systemAt(urls: readonly string[], platformKey: string, retry?: RetryPolicy): SystemAccess {
  const platform = new Caller(
    roundRobin(() => urls),
    platformKey,
    {},
    retry,
  );
  return { urls, platform, retry };
}

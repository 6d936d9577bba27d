import { ok, wrong, type Finding } from '../finding';

const MAY_DIFFER_MS = 2_000;

/** Tokens, leases and the order of what is archived go by clocks: those of an engine and of this machine must agree. */
export function examineClock(engine: string, theirs: Date, askedAtMs: number, answeredAtMs: number): Finding {
  const offMs = theirs.getTime() - (askedAtMs + answeredAtMs) / 2;
  const what = `clock (${engine})`;
  if (Math.abs(offMs) <= MAY_DIFFER_MS) return ok(what, 'as this machine’s');
  const seconds = Math.abs(offMs / 1000).toFixed(1);
  return wrong(
    what,
    `the clock of ${engine} is ${seconds} s ${offMs > 0 ? 'ahead of' : 'behind'} this machine’s`,
    'Let both keep time by NTP (timedatectl set-ntp true).',
  );
}

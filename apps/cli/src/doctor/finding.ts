export type State = 'ok' | 'warning' | 'wrong' | 'unknown';

/** What was seen of one thing. `unknown`: it could not be looked at. */
export interface Finding {
  what: string;
  state: State;
  detail: string;
  /** What to do about it; null when there is nothing to do. */
  remedy: string | null;
}

export const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail, remedy: null });
export const warning = (what: string, detail: string, remedy: string): Finding => ({
  what,
  state: 'warning',
  detail,
  remedy,
});
export const wrong = (what: string, detail: string, remedy: string): Finding => ({
  what,
  state: 'wrong',
  detail,
  remedy,
});
export const unknown = (what: string, detail: string): Finding => ({ what, state: 'unknown', detail, remedy: null });

const DEFAULT_SECONDS = 5;
/** Of the time, for the answer to be written. */
const FOR_THE_ANSWER_MS = 500;
/** The whole examination ends by then, counted from the start of the process. */
let overAtMs = DEFAULT_SECONDS * 1_000 - FOR_THE_ANSWER_MS;

/** For a process that examines once. @param seconds of the whole process */
export function endWithin(seconds: number = DEFAULT_SECONDS): void {
  overAtMs = seconds * 1_000 - FOR_THE_ANSWER_MS;
}

/** A look that gives up by itself does so this much before it is given up: it then says what it waited for. */
const SAY_WITHIN_MS = 250;

const untilOverMs = () => overAtMs - performance.now();

/** What a look may wait for an answer. */
export const remainingMs = (): number => Math.max(100, Math.round(untilOverMs() - SAY_WITHIN_MS));

/** @throws Error `no answer within …` when `work` takes longer than what is left */
export async function inTime<T>(work: Promise<T>, atMostMs = Infinity): Promise<T> {
  const limitMs = Math.min(Math.max(100 + SAY_WITHIN_MS, untilOverMs()), atMostMs);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = () => reject(new Error(`no answer within ${(limitMs / 1000).toFixed(1)} s`));
    // An answer that came while this process itself was held up is read first.
    timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

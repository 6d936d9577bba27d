import { setTimeout as sleep } from 'node:timers/promises';
import { Caller, type ConversationState } from '#caas/testing';
import { inParallel, Population } from '../../support/population';
import { startServer } from '../../support/servers';
import { percentile } from '../../support/statistics';
import type { Bench } from '../bench';

const CONVERSATIONS = 2_000;
const SENDERS = 20;
const SECONDS = 20;
/** In flight at the accepting process; each lane has conversations of its own. */
const LANES = 16;
/** Of the messages of a lane, one is looked for at the other process. */
const LOOK_AT_EVERY = 25;
const POLL_MS = 20;
const LONGEST_LAG_MS = 60_000;

/** How long after its acknowledgement a message is in the conversation's row at another process, while 2,000 conversations are active. */
export async function lag(bench: Bench): Promise<void> {
  const { table, api, platformKey, env } = bench;
  table.heading(`${CONVERSATIONS} active conversations: their rows at the other process`);
  const other = await startServer('apps/api/src/main.js', env);
  try {
    const population = await Population.found(api.url, platformKey);
    const [[reader], senders] = [await population.people('reader', 1), await population.people('sender', SENDERS)];
    const rooms = await inParallel(CONVERSATIONS, (at) => population.room([senders[at % SENDERS]!, reader!]));
    const seen = new Caller(other.url, reader!.token);
    const lags: number[] = [];
    let sent = 0;
    const look = async (room: string, seq: number) => {
      const acknowledgedAtMs = performance.now();
      while ((await seen.read<ConversationState>(`/v1/conversations/${room}`)).last_seq < seq) {
        if (performance.now() - acknowledgedAtMs > LONGEST_LAG_MS)
          throw new Error(`The row of ${room} stays behind ${seq}`);
        await sleep(POLL_MS);
      }
      lags.push(performance.now() - acknowledgedAtMs);
    };
    const untilMs = performance.now() + SECONDS * 1_000;
    const lane = async (which: number) => {
      const counts = new Map<number, number>();
      for (let n = 0; performance.now() < untilMs; n += 1) {
        const at = which + LANES * Math.floor(Math.random() * (CONVERSATIONS / LANES));
        await population.say(rooms[at]!, senders[at % SENDERS]!, 'How late is this?');
        counts.set(at, (counts.get(at) ?? 0) + 1);
        sent += 1;
        if (n % LOOK_AT_EVERY === 0) await look(rooms[at]!, counts.get(at)!);
      }
    };
    await Promise.all(Array.from({ length: LANES }, (_, which) => lane(which)));
    const [p50, p99] = [percentile(lags, 0.5), percentile(lags, 0.99)];
    table.note(
      `${sent} messages in ${SECONDS} s, ${lags.length} looked for: p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} ms`,
    );
    table.add({ what: 'until its row at the other process, p99 ms', figure: p99, goal: 1_000, atMost: true });
  } finally {
    await other.stop();
  }
}

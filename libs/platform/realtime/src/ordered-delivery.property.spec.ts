import fc from 'fast-check';
import { parseTenantId } from '#caas/kernel';
import type { EventEnvelope, EventType } from '#caas/contracts';
import { firstRevOf, isMessage, type Delivery } from './delivery';
import { OrderedDelivery } from './ordered-delivery';
import { conversationRoom } from './rooms';

const room = conversationRoom(parseTenantId('clnt_abc123'), '0123456789abcdef01234567');
const GAP_WAIT_MS = 5;

/** What one of two processes did. A history is a list of them, in the order of their commits. */
const step = fc.record({
  process: fc.integer({ min: 0, max: 1 }),
  kind: fc.constantFrom('message', 'message', 'edit', 'other' as const),
  /** Which message is edited. */
  of: fc.nat(),
  /** How many of the newest revs the process did not know of. */
  lag: fc.nat({ max: 3 }),
  msSinceLast: fc.nat({ max: 2 }),
  /** How long after the commit its event comes; twice, or never when it was lost. */
  delaysMs: fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.nat({ max: 12 })) },
    { weight: 2, arbitrary: fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 12 })) },
    { weight: 1, arbitrary: fc.constant([]) },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Committed {
  atMs: number;
  delivery: Delivery;
  /** Of an edit: what the database knows of it while it is the message's last. */
  trace?: Delivery;
}

function historyOf(steps: Step[]) {
  const [committed, arrivals]: [Committed[], { atMs: number; delivery: Delivery }[]] = [[], []];
  const known = [0, 0];
  const revOfMessage = new Map<number, number>();
  let [atMs, seq, rev] = [0, 0, 0];
  const event = (type: EventType, numbers: object): Delivery => ({
    envelope: { id: '', at: '', type, data: {}, ...numbers } as unknown as EventEnvelope,
    hiddenFrom: [],
  });
  for (const { process, kind, lag, of, msSinceLast, delaysMs } of steps) {
    atMs += msSinceLast;
    let delivery: Delivery;
    let trace: Delivery | undefined;
    if (kind === 'message') {
      known[process] = Math.max(known[process]!, rev - lag);
      delivery = { ...event('message.created', { seq: ++seq }), afterRev: known[process]! };
    } else {
      known[process] = ++rev;
      const edited = kind === 'edit' && seq > 0 ? 1 + (of % seq) : null;
      const baseRev = edited === null ? 0 : (revOfMessage.get(edited) ?? 0);
      if (edited === null) delivery = event('receipt.updated', { rev });
      else {
        revOfMessage.set(edited, rev);
        trace = { ...event('message.updated', { rev, seq: edited }), baseRev };
        // One of the processes does not say what its edit is based on.
        delivery = process === 0 ? { ...trace } : event('message.updated', { rev, seq: edited });
      }
    }
    committed.push({ atMs, delivery, ...(trace ? { trace } : {}) });
    for (const delayMs of delaysMs) arrivals.push({ atMs: atMs + delayMs, delivery });
  }
  return { committed, arrivals: arrivals.sort((a, b) => a.atMs - b.atMs), seq, rev };
}

const numberOf = ({ envelope }: Delivery) => (isMessage(envelope) ? envelope.seq! : envelope.rev!);
const nameOf = (delivery: Delivery) => `${isMessage(delivery.envelope) ? 'm' : 'c'}${numberOf(delivery)}`;

/** What the database tells at a moment. */
function database(committed: Committed[], nowMs: number) {
  const soFar = committed.filter(({ atMs }) => atMs <= nowMs);
  const last = new Map<number, Delivery>();
  for (const { trace } of soFar) if (trace) last.set(trace.envelope.seq!, trace);
  return {
    messages: soFar.map(({ delivery }) => delivery).filter(({ envelope }) => isMessage(envelope)),
    changes: [...last.values()].sort((a, b) => numberOf(a) - numberOf(b)),
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('Events of two processes, in any order of arrival, some of them lost and some of them twice', () => {
  it('leave in the order of both numbers, once each, and none is held longer than a wait and a look', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (steps, answerMs, isEntered) => {
          const { committed, arrivals, seq, rev } = historyOf(steps);
          const sent: { atMs: number; delivery: Delivery }[] = [];
          const rechecksMs: number[] = [];
          const startMs = performance.now();
          const now = () => performance.now() - startMs;
          const answer = <T>(value: () => T) =>
            new Promise<T>((resolve) => setTimeout(() => resolve(value()), answerMs));
          const within = (kind: 'messages' | 'changes', after: number, before: number) =>
            answer(() =>
              database(committed, now())[kind].filter((each) => numberOf(each) > after && numberOf(each) < before),
            );
          const ordered = new OrderedDelivery(
            {
              hasListeners: () => true,
              emit: (_room, delivery) => sent.push({ atMs: now(), delivery }),
              recheck: () => answer(() => void rechecksMs.push(now())),
              missedMessages: (_room, after, before) => within('messages', after, before),
              missedChanges: (_room, after, before) => within('changes', after, before),
            },
            GAP_WAIT_MS,
          );
          // A wait may have to wait for the look before it. A look is two questions, perhaps twice, and whether all may stay.
          const mostMs = GAP_WAIT_MS + 2 + 12 * answerMs;
          const heardAtMs = new Map<string, number>();
          if (isEntered) ordered.begin(room, { seq: 0, rev: 0 });
          for (const { atMs, delivery } of arrivals) {
            await jest.advanceTimersByTimeAsync(atMs - now());
            if (!heardAtMs.has(nameOf(delivery))) heardAtMs.set(nameOf(delivery), now());
            ordered.accept(room, delivery);
          }
          await jest.advanceTimersByTimeAsync(mostMs);

          const begun = {
            m: isEntered
              ? 0
              : Math.min(...sent.filter((s) => isMessage(s.delivery.envelope)).map((s) => numberOf(s.delivery))) - 1,
            c: 0,
          };
          let [lastSeq, lastRev] = [begun.m, begun.c];
          sent.forEach(({ atMs, delivery }, at) => {
            const { envelope, afterRev } = delivery;
            expect(atMs - (heardAtMs.get(nameOf(delivery)) ?? atMs)).toBeLessThanOrEqual(mostMs);
            if (isMessage(envelope)) {
              expect(envelope.seq).toBe(lastSeq + 1);
              lastSeq = envelope.seq!;
              // Its sender's last change left before it; else it came too late, and it was looked who may be in the room.
              const late = sent.slice(at).find((other) => nameOf(other.delivery) === `c${afterRev}`);
              if (!late) return;
              expect(heardAtMs.get(`c${afterRev}`)).toBeGreaterThanOrEqual(atMs);
              if (isEntered) expect(rechecksMs.some((ms) => ms <= atMs)).toBe(true);
            } else {
              expect(firstRevOf(delivery)).toBeGreaterThan(lastRev);
              lastRev = envelope.rev!;
              if (isEntered && envelope.seq !== undefined) expect(envelope.seq).toBeLessThanOrEqual(lastSeq);
              for (let covered = firstRevOf(delivery); covered < lastRev; covered += 1) {
                const own = committed.find((each) => nameOf(each.delivery) === `c${covered}`)!;
                expect(own.trace).toBeDefined();
                // What a client then learns of the message by `sync` from this rev on, or knows by this event.
                const newest = database(committed, atMs).changes.find(
                  (each) => each.envelope.seq === own.trace!.envelope.seq,
                )!;
                expect(newest.envelope.rev).toBeGreaterThanOrEqual(lastRev);
              }
            }
          });
          const left = new Set(sent.map(({ delivery }) => nameOf(delivery)));
          for (const { delivery } of arrivals) {
            if (left.has(nameOf(delivery))) continue;
            // It came too late: what is later of its kind had left.
            const isOfMessages = isMessage(delivery.envelope);
            expect(numberOf(delivery)).toBeLessThanOrEqual(isOfMessages ? (isEntered ? 0 : lastSeq) : lastRev);
          }
          // Nothing is left that could keep others back.
          const last = {
            envelope: { type: 'message.created', seq: seq + 1 } as EventEnvelope,
            hiddenFrom: [],
            afterRev: rev,
          };
          ordered.accept(room, last);
          await jest.advanceTimersByTimeAsync(mostMs);
          expect(sent.at(-1)!.delivery).toBe(last);
          expect(jest.getTimerCount()).toBe(0);
          ordered.close();
        },
      ),
      { numRuns: 100 },
    ));
});

import type { ClientSocket } from './client-socket';
import { drainSockets } from './graceful-shutdown';
import { InFlightCounter } from './in-flight-counter';

function client(): ClientSocket & { heard: number[]; steps: string[] } {
  const heard: number[] = [];
  const steps: string[] = [];
  return {
    heard,
    steps,
    tell: (_type: string, data: { reconnect_after_ms: number }) => heard.push(data.reconnect_after_ms),
    hangUp: () => Promise.resolve(void steps.push('hung up')),
    cutOff: () => void steps.push('cut off'),
  } as never;
}

describe('drainSockets', () => {
  it('sends clients away over a time that grows with their number', async () => {
    const clients = Array.from({ length: 1_000 }, client);
    await drainSockets(clients, new InFlightCounter());
    const times = clients.map(({ heard }) => heard[0]!).sort((a, b) => a - b);
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThan(5_000);
    // Evenly: of a thousand no quarter of the time gets more than a third.
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const inIt = times.filter((ms) => ms >= quarter * 1_250 && ms < (quarter + 1) * 1_250);
      expect(inIt.length).toBeLessThan(333);
    }
  });

  it('hangs up only when everything that was asked is answered', async () => {
    const inFlight = new InFlightCounter();
    const one = client();
    inFlight.begin();
    inFlight.begin();
    const farewell = drainSockets([one], inFlight);
    inFlight.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(one.steps).toEqual([]);
    inFlight.end();
    await farewell;
    expect(one.steps).toEqual(['hung up', 'cut off']);
  });
});

import { FloodDetector } from './flood-detector';

describe('FloodDetector', () => {
  /** Whether a client is given up that sends so many in each of the seconds. */
  const givenUp = (limit: number, perSecond: number[]) => {
    const detector = new FloodDetector(limit, 0);
    return perSecond
      .flatMap((count, second) => Array.from({ length: count }, (_, at) => second * 1000 + (at * 1000) / count))
      .some((atMs) => detector.arrived(atMs));
  };

  it('gives up who sends ten times the limit for five seconds, and not sooner', () => {
    expect(givenUp(50, [510, 510, 510, 510, 510, 1])).toBe(true);
    expect(givenUp(50, [5_000, 5_000, 5_000, 5_000, 5_000])).toBe(false);
  });

  it('bears with who is too fast but not by far, for as long as they like', () => {
    expect(
      givenUp(
        50,
        Array.from({ length: 60 }, () => 450),
      ),
    ).toBe(false);
  });

  it('bears with a burst, and with one after another', () => {
    expect(givenUp(50, [100_000, 10])).toBe(false);
    expect(givenUp(50, [5_000, 5_000, 5_000, 5_000, 10, 5_000, 5_000, 5_000, 5_000, 10])).toBe(false);
  });

  it('counts what a process hears late, because it was busy, by the time it took', () => {
    const detector = new FloodDetector(50, 0);
    // Ten seconds of 40 messages, in bursts that lay waiting for two and a half.
    const bursts = [2_500, 5_000, 7_500, 10_000, 12_500, 15_000, 17_500];
    expect(bursts.some((atMs) => Array.from({ length: 100 }).some(() => detector.arrived(atMs)))).toBe(false);
  });
});

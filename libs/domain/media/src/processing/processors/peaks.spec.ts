import { Peaks } from './peaks';

const samples = (values: number[]) => {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeInt16LE(value, 2 * at);
  return bytes;
};

describe('Peaks', () => {
  it('finds the loudest sample of each of a hundred parts, however the bytes come', () => {
    const values = Array.from({ length: 8_000 }, (_, at) => (at < 4_000 ? -32_768 : 3_277));
    const bytes = samples(values);
    const peaks = new Peaks(8_000);
    for (let at = 0; at < bytes.length; at += 333) peaks.add(bytes.subarray(at, at + 333));
    expect(peaks.durationMs).toBe(1_000);
    expect(peaks.waveform()).toEqual([...Array(50).fill(100), ...Array(50).fill(10)]);
  });

  it('has a hundred values also of a moment', () => {
    const peaks = new Peaks(8_000);
    peaks.add(samples([16_384]));
    expect(peaks.waveform()).toHaveLength(100);
    expect(peaks.waveform()[0]).toBe(50);
  });
});

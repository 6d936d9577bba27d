/** The value below which the given part of the others lies; NaN of nothing. */
export function percentile(values: number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

export const median = (values: number[]): number => percentile(values, 0.5);

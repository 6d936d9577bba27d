/** One tier for each placement: shared, prefixed, dedicated. */
export const TIERS = ['free', 'pro', 'enterprise'] as const;

export type TestedTier = (typeof TIERS)[number];

/**
 * A test on each tier. Those of a `describe` block go side by side, for what mostly waits: each needs users of its own, and
 * `beforeEach` does not run for them.
 */
export const itOnEachTier = (behaviour: string, test: (tier: TestedTier) => Promise<void>): void =>
  it.concurrent.each(TIERS)(`${behaviour}, on the tier %s`, test);

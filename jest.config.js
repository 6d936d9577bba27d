/** Three sizes of test: `unit` needs no engine; the others run against a real one (see tools/test). */
const base = {
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  moduleFileExtensions: ['ts', 'js', 'json'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};
const onEngine = (name) => ({ ...base, displayName: name, testMatch: [`<rootDir>/test/${name}/**/*.spec.ts`] });

/** Long enough for a slow machine; see libs/testing's `patient`. */
const slowness = Number(process.env.CAAS_TEST_SLOWNESS ?? 1);

module.exports = {
  testTimeout: 120_000 * slowness,
  testSequencer: '<rootDir>/tools/test/sequencer.cjs',
  // Of tests that go side by side (`itOnEachTier` of libs/testing): they mostly wait.
  maxConcurrency: 12,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,tools,test/bench}/**/*.spec.ts'] },
    onEngine('contract'),
    onEngine('isolation'),
    onEngine('e2e'),
    onEngine('configured'),
    onEngine('faults'),
    onEngine('timing'),
  ],
};

const { basename } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** Suites that take longer than their text is long: begun last, they would have the other worker wait for them at the end. */
const LONG = [
  'messaging-model',
  'killed-workers',
  'attacks',
  'crashes',
  'care',
  'storage-faults',
  'archive',
  'keys',
  'usage',
];

/** Long suites first; then as jest has them, the longest file first. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rankOf = ({ path }) => {
      const at = LONG.indexOf(basename(path, '.spec.ts'));
      return at < 0 ? LONG.length : at;
    };
    return super.sort(tests).sort((a, b) => rankOf(a) - rankOf(b));
  }
};

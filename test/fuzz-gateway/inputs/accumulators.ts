import { expression, nOf, pair, scripted, sortBy, median, percentile, UNITS } from './expressions';
import { either, list, mostly, number, one, operator, record, type Part } from './parts';

const topN = record({ 'n!': either(number, expression), 'sortBy!': sortBy, 'output!': expression });
/** Operators of `$group`, `$bucket` and `$setWindowFields`. */
export const ACCUMULATORS: Record<string, Part> = {
  ...Object.fromEntries(
    [
      'sum',
      'avg',
      'first',
      'last',
      'max',
      'min',
      'push',
      'addToSet',
      'stdDevPop',
      'stdDevSamp',
      'mergeObjects',
      'setUnion',
      'concatArrays',
    ].map((name) => [`$${name}`, mostly(expression)]),
  ),
  $count: one({}, 1),
  $firstN: nOf,
  $lastN: nOf,
  $maxN: nOf,
  $minN: nOf,
  $top: record({ 'sortBy!': sortBy, 'output!': expression }),
  $bottom: record({ 'sortBy!': sortBy, 'output!': expression }),
  $topN: topN,
  $bottomN: topN,
  $median: median,
  $percentile: percentile,
  $accumulator: scripted,
};
export const accumulator = operator(ACCUMULATORS);

const window = record(
  {
    documents: list(one('unbounded', 'current', -1, 0, 1, 5), 2, 2),
    range: list(one('unbounded', 'current', -10, 10, 1e300), 2, 2),
    unit: UNITS,
  },
  0.5,
);
const windowed = operator({
  ...ACCUMULATORS,
  $covariancePop: pair,
  $covarianceSamp: pair,
  $denseRank: one({}, 1),
  $documentNumber: one({}, 1),
  $rank: one({}, 1),
  $derivative: record({ 'input!': expression, unit: UNITS }),
  $integral: record({ 'input!': expression, unit: UNITS }),
  $expMovingAvg: record({ 'input!': expression, N: number, alpha: number }, 0.4),
  $linearFill: expression,
  $locf: expression,
  $shift: record({ 'output!': expression, 'by!': number, default: expression }),
});
/** An output of `$setWindowFields`. */
export const windowOutput: Part = (making) => {
  const made = windowed(making) as { entries: [string, unknown][] };
  if (making.random.chance(0.6)) made.entries.push(['window', window(making)]);
  return made;
};

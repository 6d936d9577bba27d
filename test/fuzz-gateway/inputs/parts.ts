import { oddName, oddNumber, oddText, oddValue, path } from './odd-values';
import type { Random } from './random';
import { Fields } from './raw-bson';

/** What a part of a command is made with. */
export interface Making {
  readonly random: Random;
  /** How much deeper it may go. */
  readonly depth: number;
}

/** Makes one part of a command: a field's value. */
export type Part = (making: Making) => unknown;

/** How often a part is not what it should be. */
const ODD = 0.025;
const LEFT_OUT = 0.12;
const NEEDED_LEFT_OUT = 0.01;
const OUT_OF_ORDER = 0.15;
const UNKNOWN_FIELD = 0.02;
const TWICE = 0.01;

export const deeper = ({ random, depth }: Making): Making => ({ random, depth: depth - 1 });

/** As made, or now and then anything. */
export function mostly(part: Part): Part {
  return (making) => (making.random.odd(ODD) ? oddValue(making.random) : part(making));
}

export const number: Part = mostly(({ random }) => (random.odd(0.2) ? oddNumber(random) : random.below(12)));
export const boolean: Part = mostly(({ random }) => random.chance(0.5));
export const text: Part = mostly(({ random }) =>
  random.odd(0.2) ? oddText(random) : random.pick(['a', 'red', 'x y', 'w']),
);
export const fieldPath: Part = mostly(({ random }) => path(random));
export const odd: Part = ({ random }) => oddValue(random);
export const one = (...values: unknown[]): Part => mostly(({ random }) => random.pick(values));
export const list = (part: Part, least = 0, most = 4): Part =>
  mostly((making) => making.random.many(least, most, () => part(making)));
export const either =
  (...parts: Part[]): Part =>
  (making) =>
    making.random.pick(parts)(making);

/** Of any names. */
export const named = (part: Part, most = 3): Part =>
  mostly(
    ({ random, depth }) => new Fields(random.many(0, most, () => [path(random), part({ random, depth })] as const)),
  );

/** Fields of these names, most of them there and right; `!` ends the name of one that is never left out. */
export function record(parts: Readonly<Record<string, Part>>, leftOut = LEFT_OUT): Part {
  return mostly((making) => fieldsOf(making, parts, leftOut));
}

export function fieldsOf(making: Making, parts: Readonly<Record<string, Part>>, leftOut = LEFT_OUT): Fields {
  const { random } = making;
  const entries = Object.entries(parts).flatMap(([key, part]) => {
    const needed = key.endsWith('!');
    if (needed ? random.odd(NEEDED_LEFT_OUT) : random.chance(leftOut)) return [];
    return [[needed ? key.slice(0, -1) : key, mostly(part)(making)] as const];
  });
  if (random.odd(UNKNOWN_FIELD)) entries.push([oddName(random), oddValue(random)]);
  if (entries.length > 0 && random.odd(TWICE)) entries.push(random.pick(entries));
  if (!random.odd(OUT_OF_ORDER)) return new Fields(entries);
  // The first field is a command's name.
  const first = random.chance(0.9) ? entries.slice(0, 1) : [];
  return new Fields([...first, ...random.shuffled(entries.slice(first.length))]);
}

/** One of the operators, under its name; now and then two. */
export function operator(operators: Readonly<Record<string, Part>>): Part {
  const names = Object.keys(operators);
  return (making) => {
    const { random } = making;
    const name = random.odd(0.01) ? '$noSuchOperator' : random.pick(names);
    const entries = [[name, (operators[name] ?? odd)(deeper(making))] as const];
    if (random.odd(0.02)) entries.push([random.pick(names), oddValue(random)]);
    return new Fields(entries);
  };
}

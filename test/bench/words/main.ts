/**
 * `npm run bench:words`: what it costs to look for blocked words, in µs per KB of text (1,024 bytes of UTF-8), at 1 and 20 KB, for lists
 * of 1, 100 and 1,000 phrases and for the worst lists and texts found. Each figure is the least of many rounds, which are taken in
 * turn. Two numbers judge them: how much the words matter (the slowest list against the fastest, for each text), and how much a
 * hostile text costs more than prose of everyday length.
 */
import { WordMatcher } from '#caas/domain/moderation/testing';

const KB = 1024;
const SIZES_KB = [1, 20];
const ROUNDS = 60;
/** So that the figures are those of a process that has run for a while. */
const WARM_UP_MS = 3_000;
const GOAL = 2;

const numbered = (count: number, phrase: (n: number) => string) => Array.from({ length: count }, (_, n) => phrase(n));

const LISTS: Record<string, string[]> = {
  '1 phrase': ['bad'],
  '100 phrases': numbered(100, (n) => `blocked phrase ${n}`),
  '1,000 phrases': numbered(1_000, (n) => `blocked phrase ${n}`),
  '1,000 that begin alike': numbered(1_000, (n) => `${'a '.repeat(29)}b${n}`),
  '1,000 that end alike': numbered(1_000, (n) => `b${n}${' a'.repeat(29)}`),
  '32 inside of each other': numbered(32, (n) => `${'a '.repeat(n)}a b`),
  '64 words that begin alike': numbered(64, (n) => `${'a'.repeat(n)}b`),
  '1,000 without spaces': numbered(1_000, (n) => `${'坏人很多'.repeat(15)}${String.fromCharCode(0x4e00 + n)}`),
};

const TEXTS: Record<string, string> = {
  prose: 'The quick brown fox jumps over the lazy dog, and then it sleeps until noon. ',
  'a a a …': 'a ',
  'one word': 'a',
  separators: ' .,-',
  accents: 'a\u0301\u0323',
  'marks of one letter': '\u05b8\u05c1',
  Hebrew: 'שָׁלוֹם ',
  'emoji joined': '👩‍👩‍👧‍👦',
  Han: '坏人很多',
  Thai: 'คนเลวมาก',
  Korean: '한국어 텍스트 ',
  'mathematical letters': '𝐜𝐚𝐭 ',
  ligatures: '\ufdf2',
  'unseen inside of words': 'a\u200b',
};

interface Case {
  list: string;
  text: string;
  kb: number;
  matcher: WordMatcher;
  content: string;
  /** µs per KB. */
  best: number;
}

function main(): void {
  const matchers = Object.entries(LISTS).map(([list, phrases]) => [list, compiled(list, phrases)] as const);
  const cases = matchers.flatMap(([list, matcher]) =>
    Object.entries(TEXTS).flatMap(([text, unit]) =>
      SIZES_KB.map((kb): Case => ({ list, text, kb, matcher, content: ofSize(unit, kb * KB), best: Infinity })),
    ),
  );
  for (const until = performance.now() + WARM_UP_MS; performance.now() < until;) cases.forEach(measure);
  for (const each of cases) each.best = Infinity;
  for (let round = 0; round < ROUNDS; round++) cases.forEach(measure);
  print(cases);
}

function compiled(list: string, phrases: string[]): WordMatcher {
  const began = performance.now();
  const matcher = WordMatcher.of(phrases);
  const ms = performance.now() - began;
  console.log(`${list.padEnd(28)} compiled in ${ms.toFixed(1).padStart(5)} ms, ${Math.ceil(matcher.bytes / KB)} KB`);
  return matcher;
}

/** As many whole units as fit. */
const ofSize = (unit: string, bytes: number): string => unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)));

function measure(each: Case): void {
  const calls = 20 / each.kb;
  const began = performance.now();
  for (let call = 0; call < calls; call++) each.matcher.matches(each.content);
  const us = (performance.now() - began) * 1000;
  each.best = Math.min(each.best, us / calls / (Buffer.byteLength(each.content) / KB));
}

function print(cases: Case[]): void {
  console.log(`\n${'µs per KB'.padEnd(24)}${'1 KB'.padStart(14)}${'20 KB'.padStart(14)}   slowest list / fastest`);
  let most = 0;
  for (const text of Object.keys(TEXTS)) {
    const own = cases.filter((each) => each.text === text);
    const ranges = SIZES_KB.map((kb) => own.filter((each) => each.kb === kb).map(({ best }) => best));
    const spread = Math.max(...ranges.map((bests) => Math.max(...bests) / Math.min(...bests)));
    most = Math.max(most, spread);
    const columns = ranges.map((bests) =>
      `${Math.min(...bests).toFixed(1)}–${Math.max(...bests).toFixed(1)}`.padStart(14),
    );
    console.log(`${text.padEnd(24)}${columns.join('')}   ${spread.toFixed(2)}`);
  }
  const prose = Math.min(...cases.filter(({ text, kb }) => text === 'prose' && kb === 20).map(({ best }) => best));
  const worst = cases.reduce((a, b) => (a.best > b.best ? a : b));
  const least = cases.reduce((a, b) => (a.best < b.best ? a : b));
  const name = ({ text, list, kb }: Case) => `${text}, ${list}, ${kb} KB`;
  console.log(`\nwhatever the words: the slowest list is ${most.toFixed(2)} × the fastest (goal: at most ${GOAL})`);
  console.log(`whatever the text: ${(worst.best / prose).toFixed(2)} × prose (goal: at most ${GOAL}): ${name(worst)}`);
  console.log(
    `slowest ${worst.best.toFixed(1)} µs per KB (${name(worst)}), fastest ${least.best.toFixed(1)} (${name(least)})`,
  );
}

main();

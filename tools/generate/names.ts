import { UsageError } from './usage-error';

const KEBAB = /^[a-z]+(-[a-z]+)*$/;

/** Names that JavaScript or the templates need for something else: a class or a constant of that name would hide it. */
const TAKEN = new Set(
  (
    'array boolean bigint body buffer class constructor controller ctx date default delete error export function get id import ' +
    'index injectable module number object page page-request post promise prop request-context schema string symbol'
  ).split(' '),
);

/** @throws UsageError unless the name is in kebab-case, letters only */
export function requireKebab(name: string | undefined, what: string, example: string): string {
  if (!name) throw new UsageError(`The name of the ${what} is missing, such as ${example}.`);
  if (KEBAB.test(name)) return name;
  throw new UsageError(`"${name}" is no name for a ${what}: write it in kebab-case, letters only, such as ${example}.`);
}

/** @throws UsageError unless the name is in kebab-case, and none that the code has another meaning for */
export function requireFreeKebab(name: string | undefined, what: string, example: string): string {
  const kebab = requireKebab(name, what, example);
  if (TAKEN.has(kebab))
    throw new UsageError(`"${kebab}" is no name for a ${what}: the code has another meaning for it.`);
  return kebab;
}

const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** `pinned-note` → `PinnedNote` */
export const pascal = (name: string): string => name.split('-').map(capitalized).join('');
/** `pinned-note` → `pinnedNote` */
export const camel = (name: string): string => name.charAt(0) + pascal(name).slice(1);
/** `pinned-note` → `pinned_note` */
export const snake = (name: string): string => name.replaceAll('-', '_');
/** `pinned-note` → `pinned note` */
export const words = (name: string): string => name.replaceAll('-', ' ');
/** `pinned-note` → `a pinned note`, `entry` → `an entry` */
export const oneOf = (name: string): string => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${words(name)}`;
/** `pinned-note` → `Pinned note` */
export const sentence = (name: string): string => capitalized(words(name));
/** `entry` → `An entry` */
export const oneOfSentence = (name: string): string => capitalized(oneOf(name));

/** By the common rules of spelling: `notes` → `note`, `categories` → `category`, `wiki` → `wiki`. */
export function singular(name: string): string {
  if (/[^aeiou]ies$/.test(name)) return name.replace(/ies$/, 'y');
  if (/(ss|x|ch|sh)es$/.test(name)) return name.replace(/es$/, '');
  return /[^s]s$/.test(name) ? name.slice(0, -1) : name;
}

/** By the common rules of spelling: `note` → `notes`, `category` → `categories`. */
export function plural(name: string): string {
  if (/[^aeiou]y$/.test(name)) return name.replace(/y$/, 'ies');
  return /(s|x|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

import { ValidateBy } from 'class-validator';
import {
  blankOrDisplayedTextProblem,
  displayedTextProblem,
  isWithin,
  parseInstant,
  type TextLimits,
} from '#caas/kernel';

/**
 * Every field of a DTO that holds a text is declared by one of these: they say whether others are shown it, and refuse a text
 * that is too long before they look at it. A spec fails for a field that is declared by less.
 */
interface Limits {
  /** In code points. */
  max: number;
}

/** A name that others are shown: see `displayedTextProblem`. */
export const IsDisplayName = ({ max }: Limits) => isDisplayed({ kind: 'name', max });

/** A text with lines that others are shown: see `displayedTextProblem`. */
export const IsDisplayedText = ({ max }: Limits) => isDisplayed({ kind: 'text', max });

/** The same where a blank text is none: whoever takes it asks `textOrNone`. */
export const IsDisplayedTextOrBlank = ({ max }: Limits) =>
  refuse('isDisplayed', (value) => blankOrDisplayedTextProblem(value, { kind: 'text', max }));

/** A text that machines read and nobody is shown, such as a key of the client's own. */
export function IsOpaqueText({ min = 1, max, pattern, called }: OpaqueLimits) {
  const size = called ?? `a text of ${min} to ${max} characters`;
  return refuse('isOpaque', (value) => {
    if (typeof value !== 'string' || !isWithin(value, max) || isWithin(value, min - 1)) return size;
    if (!value.isWellFormed() || value.includes('\0')) return 'well-formed Unicode without NUL';
    return pattern === undefined || pattern.test(value) ? null : size;
  });
}

interface OpaqueLimits extends Limits {
  min?: number;
  /** What it is besides; `called` says it in words. */
  pattern?: RegExp;
  called?: string;
}

/** An instant as RFC 3339 writes it, with an offset or `Z`: see `parseInstant`. */
export const IsInstant = () =>
  refuse('isInstant', (value) =>
    parseInstant(value) === null ? 'a time such as 2027-03-14T02:30:00Z, with its offset or Z (RFC 3339)' : null,
  );

const isDisplayed = (limits: TextLimits) => refuse('isDisplayed', (value) => displayedTextProblem(value, limits));

function refuse(name: string, problemOf: (value: unknown) => string | null) {
  return ValidateBy({
    name,
    validator: {
      validate: (value) => problemOf(value) === null,
      defaultMessage: (args) => `must be ${problemOf(args?.value) ?? 'a text'}`,
    },
  });
}

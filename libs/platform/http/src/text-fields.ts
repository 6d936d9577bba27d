import { ValidateBy } from 'class-validator';
import {
  blankOrDisplayedTextProblem,
  displayedTextProblem,
  isWithin,
  parseInstant,
  type TextLimits,
} from '#caas/kernel';

/**
 * Each text field of a DTO is declared by one of these decorators. They state whether the text is shown to other users, and
 * refuse a text that is too long before they check anything else. A spec fails for a text field without one.
 */
interface Limits {
  /** In code points. */
  max: number;
}

/** A name that is shown to other users: see `displayedTextProblem`. */
export const IsDisplayName = ({ max }: Limits) => isDisplayed({ kind: 'name', max });

/** A multi-line text that is shown to other users: see `displayedTextProblem`. */
export const IsDisplayedText = ({ max }: Limits) => isDisplayed({ kind: 'text', max });

/** The same, but a blank text counts as none: the reader calls `textOrNone`. */
export const IsDisplayedTextOrBlank = ({ max }: Limits) =>
  refuse('isDisplayed', (value) => blankOrDisplayedTextProblem(value, { kind: 'text', max }));

/** A text for machines that is not shown to users, such as a key of the client's own. */
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
  /** A further requirement; `called` describes it in words. */
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

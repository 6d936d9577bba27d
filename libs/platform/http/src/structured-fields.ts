import { applyDecorators, type Type } from '@nestjs/common';
import { ValidateBy } from 'class-validator';
import { isWithin } from '#caas/kernel';
import { isFields, Nested } from './input/dto-rules';

/**
 * Lists in DTOs. Class-validator's own rules check every entry, however many there are. These rules check the length first, and
 * skip the entries of a list that is too long.
 */
interface Size {
  min?: number;
  max: number;
}

interface TextList extends Size {
  /** In code points. */
  maxLength: number;
  /** The pattern of each entry; `called` describes it in words, in the plural. */
  pattern?: RegExp;
  called?: string;
  /** Whether entries must be unique. */
  unique?: boolean;
}

/** A list of texts that machines read, such as ids. */
export function IsTextList({ maxLength, pattern, called, unique = false, ...size }: TextList) {
  const entries = called ?? `texts of 1 to ${maxLength} characters`;
  const isEntry = (entry: unknown) =>
    typeof entry === 'string' &&
    entry !== '' &&
    isWithin(entry, maxLength) &&
    entry.isWellFormed() &&
    (pattern === undefined || pattern.test(entry));
  return isList((value) => {
    if (!isOfSize(value, size)) return `${inWords(size)} ${entries}`;
    if (!value.every(isEntry)) return `a list of ${entries}`;
    return unique && new Set(value).size < value.length ? 'a list without the same entry twice' : null;
  });
}

interface ObjectList<T> extends Size {
  /** Entries must differ in this key, unless it is undefined. */
  keyOf?: (entry: T) => unknown;
}

/** A list of objects, each checked as its class says. */
export function IsObjectList<T extends object>(dto: () => Type<T>, { keyOf, ...size }: ObjectList<T>) {
  return applyDecorators(
    isList((value) => {
      if (!isOfSize(value, size)) return `${inWords(size)} objects`;
      return keyOf && hasTwice(value as T[], keyOf) ? 'a list of entries that differ from each other' : null;
    }),
    Nested(dto, { each: true }),
  );
}

const isOfSize = (value: unknown, { min = 0, max }: Size): value is unknown[] =>
  Array.isArray(value) && value.length >= min && value.length <= max;

const inWords = ({ min = 0, max }: Size): string => `a list of ${min} to ${max}`;

function hasTwice<T>(entries: T[], keyOf: (entry: T) => unknown): boolean {
  const keys = entries
    .map((entry) => (isFields(entry) ? keyOf(entry as T) : undefined))
    .filter((key) => key !== undefined);
  return new Set(keys).size < keys.length;
}

function isList(problemOf: (value: unknown) => string | null) {
  return ValidateBy({
    name: 'isList',
    validator: {
      validate: (value) => problemOf(value) === null,
      defaultMessage: (args) => `must be ${problemOf(args?.value) ?? 'a list'}`,
    },
  });
}

import { invalid, type CaasError, type FieldError } from '#caas/kernel';

/** More than a person reads: a body with a hundred thousand mistakes must not lead to an answer with all of them. */
export const MAX_PROBLEMS = 20;
const MAX_SEGMENT = 64;
export const MAX_FIELD = 256;

/** The name for the whole request, when no field can be named. */
const WHOLE = 'body';

/** Mistakes found in one request, at most 20; a check stops when `isFull`. */
export class FieldProblems {
  private readonly found: FieldError[] = [];
  private code = 'validation_failed';

  get isFull(): boolean {
    return this.found.length >= MAX_PROBLEMS;
  }

  get isEmpty(): boolean {
    return this.found.length === 0;
  }

  /** @param path names of fields and indexes of lists, from the outermost */
  add(path: readonly (string | number)[], message: string): void {
    if (!this.isFull) this.found.push({ field: fieldName(path), message });
  }

  /** Adds a mistake in the form of the body, which no request may have, whatever its fields. */
  addMalformed(path: readonly (string | number)[], message: string): void {
    this.code = 'malformed_body';
    this.add(path, message);
  }

  /** `validation_failed` or `malformed_body` (400), naming the fields. */
  refusal(): CaasError {
    const names = this.found.map(({ field }) => field).join(', ');
    const shown = names.length > MAX_FIELD ? `${names.slice(0, MAX_FIELD)}…` : names;
    return invalid(this.code, `The request is not valid: ${shown}.`, this.found);
  }

  /** @throws CaasError `validation_failed`, `malformed_body` (400) unless there are none */
  throwIfAny(): void {
    if (!this.isEmpty) throw this.refusal();
  }
}

/** A path as text, such as `parts.1.name`: short enough for an answer, and well-formed Unicode whatever the client sent. */
export function fieldName(path: readonly (string | number)[]): string {
  const name = path.map((part) => String(part).slice(0, MAX_SEGMENT).toWellFormed()).join('.');
  return name === '' ? WHOLE : name.slice(0, MAX_FIELD);
}

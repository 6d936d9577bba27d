import type { PipeTransform, Type } from '@nestjs/common';
import { isFields, rulesOf, type DtoRules, type FieldRules, type Fields, type NestedRules } from './dto-rules';
import { FieldProblems } from './field-problems';

type Path = readonly (string | number)[];

/** Types without field rules: the handler checks the value itself. */
const WITHOUT_RULES = new Set<unknown>([undefined, Object, String, Number, Boolean, Array]);

/**
 * Reads the body of a request, the payload of a message, or a query as its DTO: exactly the fields that the DTO has, each valid
 * by its decorators. The value was parsed from JSON that `problemsOfJson` has checked.
 * @throws CaasError `validation_failed` (400), naming at most 20 fields
 */
export function readDto<T extends object>(dto: Type<T>, value: unknown): T {
  const problems = new FieldProblems();
  const read = isFields(value)
    ? readFields(rulesOf(dto), value, [], problems)
    : void problems.add([], 'must be a JSON object');
  problems.throwIfAny();
  return read as T;
}

/** The Nest pipe for `readDto`: bodies and queries of controllers. */
export class DtoPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: { type: string; metatype?: Type<object> | undefined }): unknown {
    if ((type !== 'body' && type !== 'query') || metatype === undefined || WITHOUT_RULES.has(metatype)) return value;
    // Clients may omit the body when no field is required.
    return readDto(metatype, value === undefined ? {} : value);
  }
}

function readFields(rules: DtoRules, source: Fields, path: Path, problems: FieldProblems): object {
  const read = Object.create(rules.dto.prototype as object) as Fields;
  for (const name of Object.keys(source)) {
    if (rules.fields.has(name)) read[name] = source[name];
    else problems.add([...path, name], 'is not known here');
    if (problems.isFull) return read;
  }
  for (const field of rules.fields.values()) {
    // Only own properties: a name such as "constructor" is also inherited.
    const value = Object.hasOwn(source, field.name) ? source[field.name] : undefined;
    if (problems.isFull) return read;
    if (!field.applies(source, value)) continue;
    const problem = problemOf(field, value, source);
    if (problem !== null) problems.add([...path, field.name], problem);
    else if (field.nested) read[field.name] = readNested(field.nested, value, [...path, field.name], problems);
  }
  return read;
}

function problemOf({ rules }: FieldRules, value: unknown, source: object): string | null {
  for (const rule of rules) {
    const problem = rule.problem(value, source);
    if (problem !== null) return problem;
  }
  return null;
}

function readNested({ each, rules }: NestedRules, value: unknown, path: Path, problems: FieldProblems): unknown {
  const read = (item: unknown, itsPath: Path) => {
    if (isFields(item)) return readFields(rules(), item, itsPath, problems);
    return void problems.add(itsPath, 'must be an object');
  };
  if (!each) return read(value, path);
  if (Array.isArray(value)) return value.map((item, index) => read(item, [...path, index]));
  return void problems.add(path, 'must be an array');
}

import type { Type } from '@nestjs/common';
import { getMetadataStorage, ValidateBy, ValidationTypes, type ValidationArguments } from 'class-validator';

type Storage = ReturnType<typeof getMetadataStorage>;
type Metadata = ReturnType<Storage['getTargetValidationMetadatas']>[number];
type Constraint = ReturnType<Storage['getTargetValidatorConstraints']>[number];

/** One rule of a field, from one of its decorators. */
export interface Rule {
  /** Null when the value is valid; otherwise what is wrong, in words that follow the field's name. */
  problem(value: unknown, source: object): string | null;
}

export interface FieldRules {
  readonly name: string;
  /** False when the field is optional and absent. */
  applies(source: object, value: unknown): boolean;
  /** In the order in which they are checked; the first broken rule is reported. */
  readonly rules: readonly Rule[];
  readonly nested: NestedRules | null;
}

/** Rules of an object in the field, or of each object in a list. */
export interface NestedRules {
  readonly each: boolean;
  rules(): DtoRules;
}

/** The rules of a DTO's fields, read from the decorators of class-validator. */
export interface DtoRules {
  readonly dto: Type<object>;
  readonly fields: ReadonlyMap<string, FieldRules>;
}

/** The fields of an object as JSON has it. */
export type Fields = Record<string, unknown>;

/** The rule of `Nested`. */
const NESTED = 'nested';

/** The field holds an object with fields of its own, or, with `each`, a list of such objects. `readDto` validates their contents. */
export const Nested = (dto: () => Type<object>, { each = false } = {}): PropertyDecorator =>
  ValidateBy({ name: NESTED, constraints: [dto], validator: { validate: isFields } }, { each });

/** Keyed by the class itself: two libraries may use the same name for different DTOs. */
const known = new WeakMap<object, DtoRules>();

/** The rules of a DTO, read once. */
export function rulesOf(dto: Type<object>): DtoRules {
  let rules = known.get(dto);
  if (!rules) known.set(dto, (rules = { dto, fields: fieldsOf(dto) }));
  return rules;
}

function fieldsOf(dto: Type<object>): Map<string, FieldRules> {
  const storage = getMetadataStorage();
  // Decorators run from the last line to the first; rules are checked in the order in which they are written.
  const all = storage.getTargetValidationMetadatas(dto, '', false, false).toReversed();
  const names = new Set(all.map(({ propertyName }) => propertyName).toReversed());
  return new Map([...names].map((name) => [name, fieldRules(storage, name, all)]));
}

function fieldRules(storage: Storage, name: string, all: Metadata[]): FieldRules {
  const own = all.filter(({ propertyName }) => propertyName === name);
  const conditions = own
    .filter(({ type }) => type === ValidationTypes.CONDITIONAL_VALIDATION)
    .map(({ constraints }) => constraints[0] as (source: object, value: unknown) => boolean);
  const rules = own
    .filter(({ type, name: rule }) => type === ValidationTypes.CUSTOM_VALIDATION && rule !== NESTED)
    .flatMap((metadata) =>
      storage.getTargetValidatorConstraints(metadata.constraintCls).map((constraint) => ruleOf(metadata, constraint)),
    );
  const nested = own.find((metadata) => metadata.name === NESTED);
  return {
    name,
    applies: (source, value) => conditions.every((condition) => condition(source, value)),
    rules,
    nested: nested ? nestedRules(nested) : null,
  };
}

function nestedRules({ each, constraints }: Metadata): NestedRules {
  const [dto] = constraints as [() => Type<object>];
  return { each, rules: () => rulesOf(dto()) };
}

function ruleOf(metadata: Metadata, { instance }: Constraint): Rule {
  const { each, propertyName: property, constraints, target } = metadata;
  const targetName = typeof target === 'string' ? target : target.name;
  return {
    problem: (value, object) => {
      const args: ValidationArguments = { value, object, property, constraints, targetName };
      const isRight = (item: unknown) => instance.validate(item, args) === true;
      if (each && Array.isArray(value) ? value.every(isRight) : isRight(value)) return null;
      const message = metadata.message ?? instance.defaultMessage?.(args) ?? 'is not valid';
      return inWords(typeof message === 'string' ? message : message(args), args);
    },
  };
}

/** class-validator begins its messages with the property's name, which the problem already has as `field`. */
function inWords(message: string, { property, constraints }: ValidationArguments): string {
  const words = message.replace(/\$constraint(\d)/g, (_token, number: string) =>
    wordsOf(constraints[Number(number) - 1]),
  );
  return words.replace(/^\$property /, '').replaceAll('$property', property);
}

const wordsOf = (constraint: unknown): string => [constraint].flat().join(', ');

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

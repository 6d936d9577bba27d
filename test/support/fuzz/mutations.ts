import fc, { type Arbitrary } from 'fast-check';
import type { Field } from './body-of-schema';
import { oddBytes, oddJson, oddText } from './odd-values';

/** What is done to the fields of a sensible body. `at` counts round and round. */
type Mutation =
  | { kind: 'keep' }
  | { kind: 'replace'; at: number; json: string }
  | { kind: 'drop'; at: number }
  | { kind: 'repeat'; at: number }
  | { kind: 'add'; name: string; json: string };

/** A body to be: a sensible one with changes, or something altogether else. */
export type BodyPlan = { kind: 'mutated'; mutations: Mutation[] } | { kind: 'raw'; bytes: Buffer } | { kind: 'none' };

const at = fc.nat(20);
const mutation: Arbitrary<Mutation> = fc.oneof(
  fc.constant<Mutation>({ kind: 'keep' }),
  fc.constant<Mutation>({ kind: 'keep' }),
  fc.record({ kind: fc.constant('replace' as const), at, json: oddJson }),
  fc.record({ kind: fc.constant('replace' as const), at, json: oddJson }),
  fc.record({ kind: fc.constant('drop' as const), at }),
  fc.record({ kind: fc.constant('repeat' as const), at }),
  fc.record({ kind: fc.constant('add' as const), name: oddText, json: oddJson }),
);

export const bodyPlan: Arbitrary<BodyPlan> = fc.oneof(
  {
    arbitrary: fc.record({ kind: fc.constant('mutated' as const), mutations: fc.array(mutation, { maxLength: 2 }) }),
    weight: 16,
  },
  { arbitrary: oddJson.map((json) => ({ kind: 'raw' as const, bytes: Buffer.from(json) })), weight: 1 },
  { arbitrary: oddBytes.map((bytes) => ({ kind: 'raw' as const, bytes })), weight: 1 },
  { arbitrary: fc.constant({ kind: 'none' as const }), weight: 1 },
);

/** Null for no body. */
export function bodyOf(plan: BodyPlan, fields: Field[]): Buffer | null {
  if (plan.kind === 'none') return null;
  if (plan.kind === 'raw') return plan.bytes;
  const mutated = plan.mutations.reduce(mutate, fields);
  return Buffer.from(`{${mutated.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join()}}`);
}

function mutate(fields: Field[], change: Mutation): Field[] {
  if (change.kind === 'keep') return fields;
  if (change.kind === 'add') return [...fields, [change.name, change.json]];
  if (fields.length === 0) return fields;
  const index = change.at % fields.length;
  const field = fields[index]!;
  if (change.kind === 'drop') return fields.toSpliced(index, 1);
  if (change.kind === 'repeat') return [...fields, field];
  return fields.with(index, [field[0], change.json]);
}

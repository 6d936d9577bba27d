import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ValidateBy, ValidateIf } from 'class-validator';

export const MAX_METADATA_BYTES = 8 * 1024;
const MAX_METADATA_DEPTH = 16;

/** May be left out, but not null: class-validator's own IsOptional lets null through to code that expects a value. */
export const MayBeAbsent = () => ValidateIf((_object, value) => value !== undefined);

/** May be left out, or null to clear it. */
export const MayBeNull = () => ValidateIf((_object, value) => value !== undefined && value !== null);

/** A JSON object for the tenant's own use, up to 8 KB, whose keys mean nothing to the engine. */
export function IsMetadata() {
  return applyDecorators(
    // class-transformer must not walk into it: a key "constructor" would name a class to it. As a Boolean it does not, and
    // the value as it came takes the place of its answer.
    Type(() => Boolean),
    Transform(({ obj, key }) => (obj as Record<string, unknown>)[key]),
    ValidateBy({
      name: 'isMetadata',
      validator: {
        validate: (value) => metadataProblem(value) === null,
        defaultMessage: (args) => `must be ${metadataProblem(args?.value) ?? 'an object'}`,
      },
    }),
  );
}

export const ApiMetadata = () =>
  applyDecorators(
    ApiPropertyOptional({
      type: 'object',
      additionalProperties: true,
      description:
        'Any JSON object of up to 8 KB. Keys do not begin with "$". Everyone who sees the thing can read it.',
    }),
  );

export const ApiId = (description: string, nullable = false) =>
  ApiProperty({ type: String, nullable, description, example: '6745c1f2a4d3b2c1e0f9a8b7' });

function metadataProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'an object';
  const keys = keysProblem(value, MAX_METADATA_DEPTH);
  if (keys) return keys;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > MAX_METADATA_BYTES ? `at most ${MAX_METADATA_BYTES} bytes of JSON` : null;
}

function keysProblem(value: unknown, depth: number): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'of numbers that JSON can express';
  if (typeof value !== 'object' || value === null) return null;
  if (depth === 0) return `nested at most ${MAX_METADATA_DEPTH} deep`;
  for (const [key, inner] of Object.entries(value)) {
    if (key.startsWith('$') || key.includes('\0') || key === '__proto__') return 'without keys that begin with "$"';
    const problem = keysProblem(inner, depth - 1);
    if (problem) return problem;
  }
  return null;
}

import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';

export const MAX_METADATA_BYTES = 8 * 1024;
const MAX_METADATA_DEPTH = 16;

/** May be left out, but not null: class-validator's own IsOptional lets null through to code that expects a value. */
export const MayBeAbsent = () => ValidateIf((_object, value) => value !== undefined);

/** May be left out, or null to clear it. */
export const MayBeNull = () => ValidateIf((_object, value) => value !== undefined && value !== null);

/** A JSON object for the tenant's own use, up to 8 KB, whose keys mean nothing to the engine. */
export function IsMetadata() {
  return ValidateBy({
    name: 'isMetadata',
    validator: {
      validate: (value) => metadataProblem(value) === null,
      defaultMessage: (args) => `must be ${metadataProblem(args?.value) ?? 'an object'}`,
    },
  });
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
  if (isDeeperThan(MAX_METADATA_DEPTH, value)) return `nested at most ${MAX_METADATA_DEPTH} deep`;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > MAX_METADATA_BYTES ? `at most ${MAX_METADATA_BYTES} bytes of JSON` : null;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import { metadataProblem } from '#caas/kernel';

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

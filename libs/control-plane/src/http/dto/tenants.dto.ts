import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Matches, Max, Min, ValidateBy } from 'class-validator';
import { applyDecorators } from '@nestjs/common';
import { TIERS, type TenantId, type Tier } from '#caas/kernel';
import { ALGORITHM_NAMES } from '#caas/access';
import { IsDisplayName, IsOpaqueText } from '#caas/platform/http';
import { MAX_TENANT_NAME_LENGTH } from '../../tenants/tenant-name';

const TENANT_ID = /^clnt_[a-z0-9]{6,24}$/;

export class CreateTenantDto {
  @ApiProperty({ example: 'Acme', maxLength: MAX_TENANT_NAME_LENGTH })
  @IsDisplayName({ max: MAX_TENANT_NAME_LENGTH })
  name: string;

  @ApiProperty({ enum: TIERS })
  @IsIn(TIERS)
  tier: Tier;

  @ApiPropertyOptional({ example: 'clnt_acme01', description: 'made when absent' })
  @IsOptional()
  @Matches(TENANT_ID, { message: 'must be "clnt_" followed by 6 to 24 lower-case letters or digits' })
  id?: TenantId;

  @ApiPropertyOptional({ description: 'enterprise: another cluster, with its own credential' })
  @IsOptional()
  @IsOpaqueText({
    max: 2000,
    pattern: /^mongodb(\+srv)?:\/\//,
    called: 'an address of at most 2000 characters that begins with mongodb:// or mongodb+srv://',
  })
  database_uri?: string;
}

export class UpdateTenantDto {
  @ApiPropertyOptional({ maxLength: MAX_TENANT_NAME_LENGTH })
  @IsOptional()
  @IsDisplayName({ max: MAX_TENANT_NAME_LENGTH })
  name?: string;

  @ApiPropertyOptional({ enum: ['active', 'suspended'] })
  @IsOptional()
  @IsIn(['active', 'suspended'])
  status?: 'active' | 'suspended';
}

export class ChangeTierDto {
  @ApiProperty({ enum: TIERS })
  @IsIn(TIERS)
  tier: Tier;
}

const IsQuota = () => applyDecorators(IsOptional(), IsInt(), Min(0), Max(Number.MAX_SAFE_INTEGER));

const quotaProperty = {
  type: 'integer',
  minimum: 0,
  nullable: true,
  description: 'null: no limit; absent: as the tier has it',
} as const;

/** All of a tenant's quotas that differ from its tier's. */
export class QuotasDto {
  @ApiPropertyOptional(quotaProperty)
  @IsQuota()
  users?: number | null;

  @ApiPropertyOptional({ ...quotaProperty, description: `a calendar month, UTC; ${quotaProperty.description}` })
  @IsQuota()
  messages?: number | null;

  @ApiPropertyOptional(quotaProperty)
  @IsQuota()
  storage_bytes?: number | null;

  @ApiPropertyOptional(quotaProperty)
  @IsQuota()
  connections?: number | null;
}

const LONGEST_PUBLIC_KEY = 10_000;

/** PEM text, or a JWK as text or as the object that it is. */
const IsPublicKey = () =>
  ValidateBy({
    name: 'isPublicKey',
    validator: {
      validate: (value: unknown) => {
        const text = publicKeyText(value);
        return text !== undefined && text.length >= 1 && text.length <= LONGEST_PUBLIC_KEY;
      },
      defaultMessage: () => `must be a PEM public key or a JWK of at most ${LONGEST_PUBLIC_KEY} characters`,
    },
  });

/** A public key of a body as text; undefined for what cannot be one. */
export function publicKeyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : undefined;
}

export class CreateSigningKeyDto {
  @ApiPropertyOptional({
    enum: ALGORITHM_NAMES,
    description: 'what you expect the key to be for; it follows from the key, as "EdDSA" for Ed25519',
  })
  @IsOptional()
  @IsIn(ALGORITHM_NAMES)
  algorithm?: (typeof ALGORITHM_NAMES)[number];

  @ApiPropertyOptional({
    description: 'PEM or JWK; without it and without jwks_url a secret is made',
    oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }],
  })
  @IsOptional()
  @IsPublicKey()
  public_key?: unknown;

  @ApiPropertyOptional({ example: 'https://example.com/.well-known/jwks.json' })
  @IsOptional()
  @IsOpaqueText({ max: 2000 })
  jwks_url?: string;

  @ApiPropertyOptional({ description: 'the kid of your tokens; made when absent' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: 'must be 1 to 64 of A-Z a-z 0-9 _ -' })
  kid?: string;
}

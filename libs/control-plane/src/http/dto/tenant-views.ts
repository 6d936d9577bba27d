import { ApiProperty } from '@nestjs/swagger';
import { TIERS, type QuotaLimits, type Tier } from '#caas/kernel';
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from '#caas/access';

export class TenantView {
  @ApiProperty({ example: 'clnt_acme01' })
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ enum: TIERS })
  tier: Tier;

  @ApiProperty({ example: 'active' })
  status: string;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'what was agreed instead of the tier’s' })
  quotas: Partial<QuotaLimits>;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  updated_at: Date;
}

/** A new server key. The key itself is in this answer and nowhere else. */
export class ServerKeyView {
  @ApiProperty()
  id: string;

  @ApiProperty({ example: 'sk_…' })
  key: string;
}

/** A new signing key. A secret that CaaS made is in this answer and nowhere else. */
export class SigningKeyView {
  @ApiProperty()
  kid: string;

  @ApiProperty({
    enum: TOKEN_ALGORITHMS,
    nullable: true,
    description: 'null with a jwks_url: each key there has its own',
  })
  algorithm: TokenAlgorithm | null;

  @ApiProperty({ required: false, description: 'absent for public keys' })
  secret?: string;
}

class FirstSigningKeyView {
  @ApiProperty()
  kid: string;

  @ApiProperty()
  secret: string;
}

export class CreatedTenantView extends TenantView {
  @ApiProperty()
  server_key: ServerKeyView;

  @ApiProperty()
  signing_key: FirstSigningKeyView;
}

class KnownServerKeyView {
  @ApiProperty()
  id: string;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revoked_at: Date | null;
}

export class ServerKeysView {
  @ApiProperty({ type: [KnownServerKeyView] })
  data: KnownServerKeyView[];
}

class KnownSigningKeyView {
  @ApiProperty()
  kid: string;

  @ApiProperty({ enum: ['secret', 'public_key', 'jwks'] })
  kind: string;

  @ApiProperty({ enum: TOKEN_ALGORITHMS, nullable: true })
  algorithm: TokenAlgorithm | null;

  @ApiProperty({ type: String, nullable: true })
  jwks_url: string | null;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revoked_at: Date | null;
}

export class SigningKeysView {
  @ApiProperty({ type: [KnownSigningKeyView] })
  data: KnownSigningKeyView[];
}

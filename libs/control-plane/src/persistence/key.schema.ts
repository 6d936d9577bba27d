import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from '#caas/access';

@Schema({ collection: 'server_keys', versionKey: false })
export class ServerKey {
  @Prop({ type: String, required: true })
  _id: string;

  @Prop({ type: String, required: true })
  tenant_id: string;

  /** SHA-256 of the secret, in hexadecimal. */
  @Prop({ type: String, required: true })
  hash: string;

  @Prop({ type: Date, required: true })
  created_at: Date;

  @Prop({ type: Date, default: null })
  revoked_at: Date | null;
}

export const ServerKeySchema = SchemaFactory.createForClass(ServerKey);
// the keys of a tenant, for operators
ServerKeySchema.index({ tenant_id: 1, created_at: 1 });

@Schema({ collection: 'signing_keys', versionKey: false })
export class SigningKeyRecord {
  @Prop({ type: String, required: true })
  tenant_id: string;

  @Prop({ type: String, required: true })
  kid: string;

  @Prop({ type: String, enum: ['secret', 'public_key', 'jwks'], required: true })
  kind: 'secret' | 'public_key' | 'jwks';

  @Prop({ type: String, enum: [...TOKEN_ALGORITHMS, null], default: null })
  algorithm: TokenAlgorithm | null;

  /** Of a secret, closed in a SecretBox. */
  @Prop({ type: String, default: null })
  secret: string | null;

  /** PEM. */
  @Prop({ type: String, default: null })
  public_key: string | null;

  @Prop({ type: String, default: null })
  jwks_url: string | null;

  @Prop({ type: Date, required: true })
  created_at: Date;

  @Prop({ type: Date, default: null })
  revoked_at: Date | null;
}

export const SigningKeySchema = SchemaFactory.createForClass(SigningKeyRecord);
// the key of a token: tenant and `kid`
SigningKeySchema.index({ tenant_id: 1, kid: 1 }, { unique: true });

import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Binary } from 'bson';
import { MongoError } from '../errors/mongo-error';

const ITERATIONS = 15_000;

export interface Credential {
  user: string;
  password: string;
}

/** What the server keeps of a password (RFC 5802 §3): neither the password nor anything that logs in by itself. */
export class ScramVerifier {
  readonly salt = randomBytes(28);
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;

  constructor(readonly credential: Credential) {
    const salted = pbkdf2Sync(credential.password.normalize('NFKC'), this.salt, ITERATIONS, 32, 'sha256');
    this.storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest();
    this.serverKey = hmac(salted, 'Server Key');
  }
}

interface Conversation {
  clientFirstBare: string;
  serverFirst: string;
  nonce: string;
}

/** One connection's SCRAM-SHA-256 login (RFC 7677). Every failure reads the same. */
export class ScramLogin {
  private conversation: Conversation | null = null;
  authenticated = false;

  constructor(private readonly verifier: ScramVerifier) {}

  start({ mechanism, payload }: Record<string, unknown>): Record<string, unknown> {
    if (mechanism !== 'SCRAM-SHA-256') throw MongoError.of('BadValue', 'Only SCRAM-SHA-256 is supported');
    const clientFirstBare = text(payload).replace(/^[ny],[^,]*,/, '');
    const { n: user, r: clientNonce } = attributes(clientFirstBare);
    if (!clientNonce || user === undefined) throw failed();
    const nonce = clientNonce + randomBytes(18).toString('base64');
    const known = user.replaceAll('=2C', ',').replaceAll('=3D', '=') === this.verifier.credential.user;
    // A stranger gets a salt as well, so that the answer does not say which users exist.
    const salt = known ? this.verifier.salt : hmac(this.verifier.salt, user).subarray(0, 28);
    const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${ITERATIONS}`;
    this.conversation = { clientFirstBare, serverFirst, nonce };
    return reply(serverFirst, false);
  }

  continue({ payload }: Record<string, unknown>): Record<string, unknown> {
    const { conversation } = this;
    if (!conversation) throw failed();
    if (this.authenticated) return reply('', true);
    const clientFinal = text(payload);
    const { r: nonce, p: proof } = attributes(clientFinal);
    const withoutProof = clientFinal.slice(0, clientFinal.lastIndexOf(',p='));
    const signed = [conversation.clientFirstBare, conversation.serverFirst, withoutProof].join();
    const clientSignature = hmac(this.verifier.storedKey, signed);
    const given = Buffer.from(proof ?? '', 'base64');
    if (nonce !== conversation.nonce || given.length !== clientSignature.length) throw failed();
    const clientKey = given.map((byte, at) => byte ^ clientSignature[at]!);
    const storedKey = createHash('sha256').update(clientKey).digest();
    if (!timingSafeEqual(storedKey, this.verifier.storedKey)) throw failed();
    this.authenticated = true;
    return reply(`v=${hmac(this.verifier.serverKey, signed).toString('base64')}`, true);
  }
}

const hmac = (key: Buffer, data: string) => createHmac('sha256', key).update(data).digest();
const failed = () => MongoError.of('AuthenticationFailed', 'Authentication failed.');
const reply = (payload: string, done: boolean) => ({
  conversationId: 1,
  done,
  payload: new Binary(Buffer.from(payload)),
  ok: 1,
});

function text(payload: unknown): string {
  if (payload instanceof Binary) return Buffer.from(payload.buffer).subarray(0, payload.position).toString('utf8');
  throw failed();
}

function attributes(message: string): Record<string, string | undefined> {
  return Object.fromEntries(message.split(',').map((part) => [part[0] ?? '', part.slice(2)]));
}

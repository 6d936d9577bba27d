import { createHash } from 'node:crypto';
import {
  applyDecorators,
  createParamDecorator,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ObjectId } from 'bson';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, of, type Observable } from 'rxjs';
import { invalid, type RequestContext } from '#caas/kernel';
import { contextOf } from '#caas/platform/http';
import { IdempotencyKeys, type KeyedAnswer } from './idempotency-keys';

const KEY = /^[\x21-\x7e]{1,255}$/;
const NEW_ID = Symbol('NewId');
type Keyed = FastifyRequest & { [NEW_ID]?: ObjectId };

/**
 * Runs a route once per `Idempotency-Key`. Only answers are kept, not failures: after a failure the client simply repeats the
 * request.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly keys: IdempotencyKeys) {}

  async intercept(host: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const key = keyOf(request);
    if (key === null) return next.handle();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const ctx = contextOf(request);
    const claim = await this.keys.claim(ctx, { actor: actorOf(ctx), key, hash: hashOf(request) });
    if ('replay' in claim) return of(replayed(reply, claim.replay));
    (request as Keyed)[NEW_ID] = claim.attempt.id;
    try {
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      await this.keys.answered(ctx, claim.attempt, answerOf(reply, body));
      return of(body);
    } catch (error) {
      await this.keys.failed(ctx, claim.attempt);
      throw error;
    }
  }
}

/**
 * The route honours `Idempotency-Key` (design §3): for 24 hours a repetition gets the first answer, with `Idempotency-Replayed:
 * true`. Not for routes whose answer contains a secret, because answers are stored. The caller's right to the route is checked at
 * each repetition.
 *
 * The route must create its thing under `@NewId()`, and return the existing thing if there is one: an attempt may die after its
 * work and before its answer, and another attempt then follows.
 */
export const Idempotent = () =>
  applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: '1 to 255 printable characters; a repetition within 24 hours gets the same answer',
    }),
  );

/** The id for the thing that a request creates: the same for every attempt under one `Idempotency-Key`. */
export const NewId = createParamDecorator(
  (_data: unknown, host: ExecutionContext) => host.switchToHttp().getRequest<Keyed>()[NEW_ID] ?? new ObjectId(),
);

/** @throws CaasError `invalid_idempotency_key` (400) */
function keyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw invalid('invalid_idempotency_key', 'An Idempotency-Key is 1 to 255 printable characters.', [
    { field: 'Idempotency-Key', message: 'must be 1 to 255 printable characters' },
  ]);
}

function actorOf({ actor }: RequestContext): string {
  return actor.kind === 'user' ? `user:${actor.user.user_id.toHexString()}` : actor.kind;
}

function hashOf({ method, url, body }: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([method, url, body ?? null]))
    .digest('base64');
}

function answerOf(reply: FastifyReply, body: unknown): KeyedAnswer {
  return { status: reply.statusCode, body: body === undefined ? null : JSON.stringify(body) };
}

/** Omits the original `ETag`, since the thing may have changed since. */
function replayed(reply: FastifyReply, { status, body }: KeyedAnswer): unknown {
  void reply.status(status).header('Idempotency-Replayed', 'true');
  return body === null ? undefined : (JSON.parse(body) as unknown);
}

import { Controller, Get, Headers, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyRequest } from 'fastify';
import { RequestContext } from '#caas/kernel';
import { Idempotent, NewId, UserRoute } from '#caas/access';
import { Ctx, NoStore, QueryParams } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { KeyBundlesService } from '../claims/key-bundles.service';
import { viewOfBundle } from '../views';
import { BundlesView } from './dto/key-views';
import { BundlesQuery } from './dto/keys.dto';

/** GET as in the design. POST as well, because a claim consumes keys, so caches and prefetches must not intervene. */
@ApiTags('keys')
@UserRoute()
@RateLimited('keys', 2)
@Controller('v1/users/:external_id/key-bundles')
export class KeyBundlesController {
  constructor(private readonly bundles: KeyBundlesService) {}

  @Get()
  @NoStore()
  @Idempotent()
  @ApiOperation({ summary: 'A key bundle for each device of a user; each call takes one-time keys' })
  @ApiOkResponse({ type: BundlesView })
  async get(
    @Ctx() ctx: RequestContext,
    @NewId() claimId: ObjectId,
    @Param('external_id') externalId: string,
    @QueryParams() query: BundlesQuery,
    @Headers('idempotency-key') key: string | undefined,
    @Req() { method }: FastifyRequest,
  ): Promise<BundlesView> {
    // HEAD is routed here too; its answer has no body, so it must not consume keys.
    if (method === 'HEAD') return { data: [] };
    return this.claim(ctx, externalId, query, claimId, key);
  }

  @Post()
  @HttpCode(200)
  @NoStore()
  @Idempotent()
  @ApiOperation({ summary: 'The same as GET' })
  @ApiOkResponse({ type: BundlesView })
  post(
    @Ctx() ctx: RequestContext,
    @NewId() claimId: ObjectId,
    @Param('external_id') externalId: string,
    @QueryParams() query: BundlesQuery,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<BundlesView> {
    return this.claim(ctx, externalId, query, claimId, key);
  }

  private async claim(
    ctx: RequestContext,
    externalId: string,
    { device_id }: BundlesQuery,
    claimId: ObjectId,
    idempotencyKey: string | undefined,
  ): Promise<BundlesView> {
    const wish = { deviceId: device_id ?? null, claimId, mayRepeat: idempotencyKey !== undefined };
    return { data: (await this.bundles.claim(ctx, externalId, wish)).map(viewOfBundle) };
  }
}

import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequestContext } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { Ctx } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { SyncDto } from './sync.dto';
import { SyncService } from './sync.service';

@ApiTags('messages')
@UserRoute()
@Controller('v1')
export class SyncController {
  constructor(private readonly syncs: SyncService) {}

  @RateLimited('read', 5)
  @Post('sync')
  @HttpCode(200)
  @ApiOperation({ summary: 'What was sent and what changed since the numbers that a client remembers' })
  sync(@Ctx() ctx: RequestContext, @Body() body: SyncDto) {
    return this.syncs.sync(ctx, body);
  }
}

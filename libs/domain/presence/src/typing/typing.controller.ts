import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import { RequestContext } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { Ctx, IdParam } from '#caas/platform/http';
import { TypingListView } from './typing.dto';
import { TypingService } from './typing.service';

@ApiTags('conversations')
@UserRoute()
@Controller('v1/conversations/:id/typing')
export class TypingController {
  constructor(private readonly typing: TypingService) {}

  @Get()
  @ApiOperation({ summary: 'Who is typing, for who opens the conversation; then news come over the socket' })
  @ApiOkResponse({ type: TypingListView })
  async list(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId): Promise<TypingListView> {
    return { data: await this.typing.list(ctx, id) };
  }
}

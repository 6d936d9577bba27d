import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { mapPage, type Page, type PageRequest, RequestContext } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { AllowQuery, Ctx, PAGE_QUERY, PageQuery } from '#caas/platform/http';
import { SessionsService } from '../sessions.service';
import { viewOfSession } from '../views';
import { ApiPageOf } from './docs';
import { SessionView } from './dto/session.dto';

@ApiTags('sessions')
@UserRoute()
@Controller('v1/users/me/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @AllowQuery(...PAGE_QUERY)
  @ApiOperation({ summary: 'The live sessions of the actor, newest first' })
  @ApiPageOf(SessionView)
  async list(@Ctx() ctx: RequestContext, @PageQuery() page: PageRequest): Promise<Page<SessionView>> {
    return mapPage(await this.sessions.list(ctx, page), viewOfSession(ctx));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'End a session: its tokens and sockets stop within 5 seconds' })
  @ApiNoContentResponse()
  revoke(@Ctx() ctx: RequestContext, @Param('id') id: string): Promise<void> {
    return this.sessions.revoke(ctx, id);
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { invalid, RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { AllowQuery, Ctx, PAGE_QUERY, PageQuery } from '#caas/platform/http';
import { ConversationViews } from '#caas/domain/conversations';
import { InboxService } from './inbox.service';

@ApiTags('conversations')
@UserRoute()
@Controller('v1/conversations')
export class InboxController {
  constructor(
    private readonly inbox: InboxService,
    private readonly views: ConversationViews,
  ) {}

  @Get()
  @AllowQuery(...PAGE_QUERY, 'archived')
  @ApiQuery({ name: 'archived', required: false, enum: ['true', 'false'], description: 'only these; all when absent' })
  @ApiOperation({ summary: 'The inbox, newest activity first' })
  async list(
    @Ctx() ctx: RequestContext,
    @PageQuery('place') page: PageRequest,
    @Query('archived') archived: string | undefined,
  ) {
    return this.views.page(ctx, await this.inbox.page(ctx, page, readFlag('archived', archived)));
  }
}

/** @throws CaasError `invalid_parameter` (400) */
function readFlag(name: string, value: string | undefined): boolean | null {
  if (value === undefined) return null;
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid('invalid_parameter', `The parameter ${name} is "true" or "false".`, [
    { field: name, message: 'must be "true" or "false"' },
  ]);
}

import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { parseObjectId, RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { AllowQuery, Ctx, PAGE_QUERY, PageQuery } from '#caas/platform/http';
import { MarkDto } from './receipts.dto';
import { ReceiptsService } from './receipts.service';

@ApiTags('receipts')
@UserRoute()
@Controller('v1/conversations/:id')
export class ReceiptsController {
  constructor(private readonly receipts: ReceiptsService) {}

  @Put('read')
  @ApiOperation({ summary: 'Everything up to seq is read; the unread count follows' })
  read(@Ctx() ctx: RequestContext, @Param('id') id: string, @Body() { seq }: MarkDto) {
    return this.receipts.mark(ctx, parseObjectId(id), 'read', seq);
  }

  @Put('delivered')
  @ApiOperation({ summary: 'Everything up to seq has arrived' })
  delivered(@Ctx() ctx: RequestContext, @Param('id') id: string, @Body() { seq }: MarkDto) {
    return this.receipts.mark(ctx, parseObjectId(id), 'delivered', seq);
  }

  @Get('receipts')
  @AllowQuery(...PAGE_QUERY)
  @ApiOperation({ summary: 'How far each member has come' })
  page(@Ctx() ctx: RequestContext, @Param('id') id: string, @PageQuery() page: PageRequest) {
    return this.receipts.page(ctx, parseObjectId(id), page);
  }
}

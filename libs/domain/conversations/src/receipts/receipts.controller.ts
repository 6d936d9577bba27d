import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import { RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { Ctx, IdParam, PageQuery } from '#caas/platform/http';
import { MarkDto } from './receipts.dto';
import { ReceiptsService } from './receipts.service';

@ApiTags('receipts')
@UserRoute()
@Controller('v1/conversations/:id')
export class ReceiptsController {
  constructor(private readonly receipts: ReceiptsService) {}

  @Put('read')
  @ApiOperation({ summary: 'Everything up to seq is read; the unread count follows' })
  read(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Body() { seq }: MarkDto) {
    return this.receipts.mark(ctx, id, 'read', seq);
  }

  @Put('delivered')
  @ApiOperation({ summary: 'Everything up to seq has arrived' })
  delivered(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Body() { seq }: MarkDto) {
    return this.receipts.mark(ctx, id, 'delivered', seq);
  }

  @Get('receipts')
  @ApiOperation({ summary: 'How far each member has come' })
  page(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @PageQuery() page: PageRequest) {
    return this.receipts.page(ctx, id, page);
  }
}

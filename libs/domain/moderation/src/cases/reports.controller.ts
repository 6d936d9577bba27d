import { Body, Controller, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { RequestContext } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { Ctx, IdParam } from '#caas/platform/http';
import { ReportDto } from './moderation.dto';
import { viewOfReport } from './moderation.views';
import { ReportsService, type Reported } from './reports.service';

@ApiTags('moderation')
@UserRoute()
@Controller('v1')
export class ReportsController {
  constructor(private readonly reports: ReportsService) {}

  @Post('messages/:id/reports')
  @ApiOperation({ summary: 'Report a message to the moderators, once: again, it answers 200 with the first report' })
  async reportMessage(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() body: ReportDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answer(reply, await this.reports.reportMessage(ctx, id, body));
  }

  @Post('users/:external_id/reports')
  @ApiOperation({ summary: 'Report a user to the moderators, once: again, it answers 200 with the first report' })
  async reportUser(
    @Ctx() ctx: RequestContext,
    @Param('external_id') externalId: string,
    @Body() body: ReportDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answer(reply, await this.reports.reportUser(ctx, externalId, body));
  }
}

function answer(reply: FastifyReply, { report, created }: Reported) {
  void reply.status(created ? 201 : 200);
  return viewOfReport(report);
}

import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { invalid, RequestContext, type PageRequest } from '#caas/kernel';
import { Ctx, NoStore, PageQuery, QueryParams } from '#caas/platform/http';
import { KeyLogService } from '../log/key-log.service';
import { viewOfLogEntry } from '../views';
import { KeyLogQuery, KeyLogView, ProofQuery } from './dto/key-log.dto';

@ApiTags('keys')
@Controller('v1/key-log')
export class KeyLogController {
  constructor(private readonly log: KeyLogService) {}

  @Get()
  @NoStore()
  @ApiOperation({
    summary: 'Which identity key each device had, newest first unless asked otherwise, each entry with its proof',
  })
  @ApiOkResponse({ type: KeyLogView })
  async page(
    @Ctx() ctx: RequestContext,
    @QueryParams() { external_id }: KeyLogQuery,
    @PageQuery() request: PageRequest,
  ): Promise<KeyLogView> {
    const { head, entries, page } = await this.log.page(ctx, external_id ?? null, request);
    return { data: entries.map(viewOfLogEntry), page, ...head };
  }

  @Get('proof')
  @NoStore()
  @ApiOperation({ summary: 'That an entry is in the log (`index`), or that the log only grew (`first`), by RFC 6962' })
  proof(@Ctx() ctx: RequestContext, @QueryParams() { index, first, size }: ProofQuery): Promise<object> {
    const of = size === undefined ? null : Number(size);
    if (index !== undefined && first === undefined) return this.log.inclusion(ctx, Number(index), of);
    if (first !== undefined && index === undefined) return this.log.consistency(ctx, Number(first), of);
    throw invalid('invalid_parameter', 'A proof is of one entry, by "index", or of growth, by "first".', [
      { field: 'index', message: 'or "first" is needed, and not both' },
    ]);
  }
}

import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequestContext } from '#caas/kernel';
import { ServerRoute } from '#caas/access';
import { Ctx } from '#caas/platform/http';
import { UsageService } from '../usage.service';
import { UsageView } from './dto/usage.dto';
import { viewOfUsage } from './usage.views';

@ApiTags('usage')
@ServerRoute()
@Controller('v1/usage')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  @ApiOperation({ summary: 'How much you use of what you may, month by month, and what you were warned of' })
  @ApiOkResponse({ type: UsageView })
  async get(@Ctx() ctx: RequestContext): Promise<UsageView> {
    return viewOfUsage(await this.usage.of(ctx));
  }
}

import { Body, Controller, Get, Param, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequestContext } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { Ctx, NoStore } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { DeviceKeysService } from '../upload/device-keys.service';
import { viewOfDeviceKeys } from '../views';
import { DeviceKeysView } from './dto/key-views';
import { KeysDto } from './dto/keys.dto';

@ApiTags('keys')
@UserRoute()
@Controller('v1/users/me/devices/:device_id/keys')
export class DeviceKeysController {
  constructor(private readonly keys: DeviceKeysService) {}

  @RateLimited('keys')
  @Put()
  @NoStore()
  @ApiOperation({
    summary: 'Publish keys of a device; what is left out stays, and repeating an upload changes nothing',
  })
  @ApiOkResponse({ type: DeviceKeysView })
  @ApiCreatedResponse({ type: DeviceKeysView })
  async put(
    @Ctx() ctx: RequestContext,
    @Param('device_id') deviceId: string,
    @Body() upload: KeysDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeviceKeysView> {
    const { created, ...keys } = await this.keys.put(ctx, deviceId, upload);
    void reply.status(created ? 201 : 200);
    return viewOfDeviceKeys(keys);
  }

  @Get('status')
  @NoStore()
  @ApiOperation({ summary: 'What a device has published, and how many one-time keys are left' })
  @ApiOkResponse({ type: DeviceKeysView })
  async status(@Ctx() ctx: RequestContext, @Param('device_id') deviceId: string): Promise<DeviceKeysView> {
    return viewOfDeviceKeys(await this.keys.status(ctx, deviceId));
  }
}

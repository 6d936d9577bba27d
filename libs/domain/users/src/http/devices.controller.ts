import { Body, Controller, Delete, Get, HttpCode, Param, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { mapPage, type Page, type PageRequest, Preconditions, RequestContext } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { AllowQuery, Conditional, Ctx, EntityTag, NoStore, PAGE_QUERY, PageQuery } from '#caas/platform/http';
import { DevicesService } from '../devices.service';
import { viewOfDevice } from '../views';
import { answering } from './created';
import { ApiPageOf } from './docs';
import { DeviceDto, DeviceView } from './dto/device.dto';

@ApiTags('devices')
@UserRoute()
@Controller('v1/users/me/devices')
export class DevicesController {
  constructor(private readonly devices: DevicesService) {}

  @Put(':device_id')
  @NoStore()
  @ApiOperation({ summary: 'Register or update a device of the actor' })
  @ApiOkResponse({ type: DeviceView })
  @ApiCreatedResponse({ type: DeviceView })
  async put(
    @Ctx() ctx: RequestContext,
    @Param('device_id') deviceId: string,
    @Body() input: DeviceDto,
    @Conditional() preconditions: Preconditions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeviceView> {
    const { device, created } = await this.devices.put(ctx, deviceId, input, preconditions);
    return answering(reply, created, viewOfDevice(device));
  }

  @Get()
  @NoStore()
  @AllowQuery(...PAGE_QUERY)
  @ApiOperation({ summary: 'The devices of the actor, newest first' })
  @ApiPageOf(DeviceView)
  async list(@Ctx() ctx: RequestContext, @PageQuery() page: PageRequest): Promise<Page<DeviceView>> {
    return mapPage(await this.devices.list(ctx, page), viewOfDevice);
  }

  @Get(':device_id')
  @EntityTag()
  @NoStore()
  @ApiOperation({ summary: 'One device of the actor' })
  @ApiOkResponse({ type: DeviceView })
  async get(@Ctx() ctx: RequestContext, @Param('device_id') deviceId: string): Promise<DeviceView> {
    return viewOfDevice(await this.devices.get(ctx, deviceId));
  }

  @Delete(':device_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a device: nothing is pushed to it from now on, and its keys are gone' })
  @ApiNoContentResponse()
  remove(
    @Ctx() ctx: RequestContext,
    @Param('device_id') deviceId: string,
    @Conditional() preconditions: Preconditions,
  ): Promise<void> {
    return this.devices.remove(ctx, deviceId, preconditions);
  }
}

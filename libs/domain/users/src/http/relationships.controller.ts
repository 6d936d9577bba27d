import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { mapPage, type Page, type PageRequest, Preconditions, RequestContext } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { AllowQuery, Conditional, Ctx, PAGE_QUERY, PageQuery } from '#caas/platform/http';
import { RelationshipsService } from '../relationships.service';
import { viewOfRelationship } from '../views';
import { answering } from './created';
import { ApiRelationshipSelection } from './docs';
import { RelationshipDto, RelationshipView } from './dto/relationship.dto';
import { RELATIONSHIP_SELECTION, relationshipSelectionOf, relationshipTypeOf } from './selections';

@ApiTags('relationships')
@UserRoute()
@Controller('v1/users/me/relationships')
export class RelationshipsController {
  constructor(private readonly relationships: RelationshipsService) {}

  @Put(':external_id')
  @ApiOperation({ summary: 'Ask a user for friendship or grant theirs, block them, or mute them' })
  @ApiOkResponse({ type: RelationshipView })
  @ApiCreatedResponse({ type: RelationshipView })
  async put(
    @Ctx() ctx: RequestContext,
    @Param('external_id') externalId: string,
    @Body() { type }: RelationshipDto,
    @Conditional() preconditions: Preconditions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RelationshipView> {
    const { relationship, created } = await this.relationships.put(ctx, externalId, type, preconditions);
    return answering(reply, created, viewOfRelationship(relationship));
  }

  @Get()
  @AllowQuery(...PAGE_QUERY, ...RELATIONSHIP_SELECTION)
  @ApiOperation({ summary: 'The relationships of the actor, newest first, requests from others among them' })
  @ApiRelationshipSelection()
  async list(
    @Ctx() ctx: RequestContext,
    @Query() query: Record<string, string>,
    @PageQuery() page: PageRequest,
  ): Promise<Page<RelationshipView>> {
    return mapPage(await this.relationships.list(ctx, relationshipSelectionOf(query), page), viewOfRelationship);
  }

  @Delete(':external_id')
  @HttpCode(204)
  @AllowQuery('type')
  @ApiOperation({ summary: 'End what the actor holds towards a user: one type, or all of it' })
  @ApiQuery({ name: 'type', required: false })
  @ApiNoContentResponse()
  remove(
    @Ctx() ctx: RequestContext,
    @Param('external_id') externalId: string,
    @Query('type') type?: string,
  ): Promise<void> {
    return this.relationships.remove(ctx, externalId, relationshipTypeOf(type) ?? null);
  }
}

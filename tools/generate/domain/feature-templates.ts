/** The first feature of a library: things that a user makes, lists and reads, each user their own. */
import { oneOf, oneOfSentence, words } from '../names';
import type { DomainNames } from './domain-names';

export const schema = ({ thing, Thing, collection, collectionName }: DomainNames) => `
import { Prop, Schema } from '@nestjs/mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

/** ${oneOfSentence(thing)} of one user. */
@Schema()
export class ${Thing} extends TenantDocumentBase {
  @UserReferenceProp()
  owner: UserReference;

  @Prop({ type: String, required: true })
  text: string;
}

export const ${collection} = tenantCollection(${Thing}, {
  name: '${collectionName}',
  indexes: [{ key: { tenant_id: 1, 'owner.user_id': 1, _id: 1 }, serves: "a page of a user's; refreshing names" }],
});
`;

export const service = ({ thing, Thing, things, Things, collection, code }: DomainNames) => `
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { notFound, type Page, type PageRequest, type RequestContext } from '#caas/kernel';
import { ${collection}, type ${Thing} } from './${thing}.schema';

export interface New${Thing} {
  text: string;
}

/** The actor's own ${words(things)}. Nobody else sees them. */
@Injectable()
export class ${Things}Service {
  /** @param id of the new ${words(thing)}: the same again answers the first */
  async create(ctx: RequestContext, id: ObjectId, { text }: New${Thing}): Promise<${Thing}> {
    const rows = ctx.repository(${collection});
    const existing = await rows.findOne(ownRow(ctx, id));
    return existing ?? rows.insertOne({ _id: id, owner: ctx.user, text });
  }

  /** Newest first backward. */
  list(ctx: RequestContext, request: PageRequest): Promise<Page<${Thing}>> {
    return ctx.repository(${collection}).page({ 'owner.user_id': ctx.user.user_id }, request);
  }

  /** @throws CaasError \`${code}_not_found\` (404), also for another user's */
  async get(ctx: RequestContext, id: ObjectId): Promise<${Thing}> {
    const row = await ctx.repository(${collection}).findOne(ownRow(ctx, id));
    if (!row) throw notFound('${code}');
    return row;
  }
}

const ownRow = ({ user }: RequestContext, _id: ObjectId) => ({ _id, 'owner.user_id': user.user_id });
`;

export const serviceSpec = ({ thing, Thing, things, Things, code }: DomainNames) => `
import { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import type { ${Thing} } from './${thing}.schema';
import { ${Things}Service } from './${things}.service';

const user = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };

/** A context whose repository finds \`stored\`, and notes what is inserted and by which filter it is asked. */
function contextOver(stored: Partial<${Thing}> | null) {
  const inserted: object[] = [];
  const filters: object[] = [];
  const repository = () => ({
    findOne: (filter: object) => {
      filters.push(filter);
      return Promise.resolve(stored);
    },
    insertOne: (row: object) => {
      inserted.push(row);
      return Promise.resolve(row);
    },
  });
  return { ctx: { user, repository } as unknown as RequestContext, inserted, filters };
}

describe('${Things}Service', () => {
  const service = new ${Things}Service();
  const id = new ObjectId();

  it('stores a new ${words(thing)} as the actor’s', async () => {
    const { ctx, inserted } = contextOver(null);
    await service.create(ctx, id, { text: 'first' });
    expect(inserted).toEqual([{ _id: id, owner: user, text: 'first' }]);
  });

  it('answers a repeated request with the first ${words(thing)}, and stores nothing', async () => {
    const { ctx, inserted } = contextOver({ _id: id, text: 'first' });
    expect(await service.create(ctx, id, { text: 'again' })).toEqual({ _id: id, text: 'first' });
    expect(inserted).toEqual([]);
  });

  it('looks among the actor’s own only, and answers 404 for what is not there', async () => {
    const { ctx, filters } = contextOver(null);
    await expect(service.get(ctx, id)).rejects.toMatchObject({ kind: 'not_found', code: '${code}_not_found' });
    expect(filters).toEqual([{ _id: id, 'owner.user_id': user.user_id }]);
  });
});
`;

export const dto = ({ Thing }: DomainNames) => `
import { ApiProperty } from '@nestjs/swagger';
import { IsDisplayedText } from '#caas/platform/http';

const MAX_TEXT = 2000;

export class Create${Thing}Dto {
  @ApiProperty({ minLength: 1, maxLength: MAX_TEXT })
  @IsDisplayedText({ max: MAX_TEXT })
  text: string;
}
`;

export const view = ({ thing, Thing }: DomainNames) => `
import { viewOfReference } from '#caas/domain/users';
import type { ${Thing} } from './${thing}.schema';

export const viewOf${Thing} = ({ _id, owner, text, created_at, updated_at }: ${Thing}) => ({
  id: _id.toHexString(),
  owner: viewOfReference(owner),
  text,
  created_at: created_at.toISOString(),
  updated_at: updated_at.toISOString(),
});
`;

export const controller = ({ thing, Thing, things, Things, collection }: DomainNames) => `
import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import { Idempotent, NewId, UserRoute } from '#caas/access';
import { mapPage, RequestContext, type PageRequest } from '#caas/kernel';
import { Ctx, IdParam, PageQuery } from '#caas/platform/http';
import { viewOf${Thing} } from './${thing}-view';
import { Create${Thing}Dto } from './${things}.dto';
import { ${Things}Service } from './${things}.service';

@ApiTags('${words(things)}')
@UserRoute()
@Controller('v1/${things}')
export class ${Things}Controller {
  constructor(private readonly ${collection}: ${Things}Service) {}

  @Post()
  @Idempotent()
  @ApiOperation({ summary: 'Make ${oneOf(thing)}, which only you see' })
  async create(@Ctx() ctx: RequestContext, @NewId() id: ObjectId, @Body() body: Create${Thing}Dto) {
    return viewOf${Thing}(await this.${collection}.create(ctx, id, body));
  }

  @Get()
  @ApiOperation({ summary: 'Your own, newest first' })
  async list(@Ctx() ctx: RequestContext, @PageQuery() page: PageRequest) {
    return mapPage(await this.${collection}.list(ctx, page), viewOf${Thing});
  }

  @Get(':id')
  @ApiOperation({ summary: 'One of your own' })
  async get(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId) {
    return viewOf${Thing}(await this.${collection}.get(ctx, id));
  }
}
`;

import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiQuery, getSchemaPath } from '@nestjs/swagger';
import { RELATIONSHIP_STATUSES, RELATIONSHIP_TYPES } from '../persistence/user-relationship.schema';
import { USER_STATUSES } from '../persistence/user.schema';
import { UserView } from './dto/profile.dto';
import { RelationshipView } from './dto/relationship.dto';

/** A paged list in the API's documentation: its parameters, and its answer. */
export const ApiPageOf = (entry: Type) =>
  applyDecorators(
    ApiExtraModels(entry),
    ApiQuery({ name: 'cursor', required: false, description: '`next_cursor` of the page before' }),
    ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } }),
    ApiQuery({ name: 'direction', required: false, enum: ['backward', 'forward'] }),
    ApiOkResponse({
      schema: {
        type: 'object',
        required: ['data', 'page'],
        properties: {
          data: { type: 'array', items: { $ref: getSchemaPath(entry) } },
          page: {
            type: 'object',
            required: ['next_cursor', 'has_more', 'limit', 'direction'],
            properties: {
              next_cursor: { type: ['string', 'null'] } as never,
              has_more: { type: 'boolean' },
              limit: { type: 'integer' },
              direction: { type: 'string', enum: ['backward', 'forward'] },
            },
          },
        },
      },
    }),
  );

export const ApiUserSelection = () =>
  applyDecorators(
    ApiPageOf(UserView),
    ApiQuery({ name: 'status', required: false, enum: USER_STATUSES }),
    ApiQuery({ name: 'external_ids', required: false, description: 'Up to 100, separated by commas' }),
    ApiQuery({ name: 'name', required: false, description: 'The beginning of the display name, in any letter case' }),
  );

export const ApiRelationshipSelection = () =>
  applyDecorators(
    ApiPageOf(RelationshipView),
    ApiQuery({ name: 'type', required: false, enum: RELATIONSHIP_TYPES }),
    ApiQuery({ name: 'status', required: false, enum: RELATIONSHIP_STATUSES }),
  );

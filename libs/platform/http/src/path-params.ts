import { Param, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { parseObjectId, parseTenantId } from '#caas/kernel';

const idPipe = (name: string): PipeTransform => ({ transform: (value: unknown) => parseObjectId(value, name) });
const tenantIdPipe: PipeTransform = { transform: parseTenantId };

/** An id of the path as an ObjectId; anything but 24 lower-case hexadecimal digits is a 400 `invalid_id`. */
export const IdParam = (name = 'id'): ParameterDecorator =>
  documented(name, Param(name, idPipe(name)), { type: 'string', pattern: '^[0-9a-f]{24}$' });

/** A tenant's id of the path; anything else is a 400 `invalid_tenant_id`. */
export const TenantIdParam = (name = 'id'): ParameterDecorator =>
  documented(name, Param(name, tenantIdPipe), { type: 'string', pattern: '^clnt_[a-z0-9]{6,24}$' });

function documented(name: string, decorate: ParameterDecorator, schema: { type: string; pattern: string }) {
  return ((target, property, index) => {
    decorate(target, property, index);
    const value = (target as Record<string | symbol, object>)[property!];
    ApiParam({ name, schema })(target, property!, { value } as TypedPropertyDescriptor<unknown>);
  }) satisfies ParameterDecorator;
}

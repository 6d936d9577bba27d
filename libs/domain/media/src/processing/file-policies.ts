import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';

/** What a tenant allows: `image/*`, `application/pdf`, … The patterns are of types read from the content. */
export interface TypePolicy {
  allowed_types: readonly string[];
}

/** Asked once for each file. */
export abstract class FilePolicies {
  abstract of(ctx: RequestContext): TypePolicy | Promise<TypePolicy>;
}

/** Every type that is known here. */
@Injectable()
export class EveryType extends FilePolicies {
  override of(): TypePolicy {
    return { allowed_types: ['*/*'] };
  }
}

export function allows({ allowed_types }: TypePolicy, contentType: string): boolean {
  const [family] = contentType.split('/');
  return allowed_types.some((pattern) => pattern === '*/*' || pattern === `${family}/*` || pattern === contentType);
}

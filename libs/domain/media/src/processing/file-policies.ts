import type { RequestContext } from '#caas/kernel';

/** What a tenant allows: `image/*`, `application/pdf`, … The patterns are of types read from the content. */
export interface TypePolicy {
  allowedTypes: readonly string[];
}

/** Asked once for each file. */
export abstract class FilePolicies {
  abstract of(ctx: RequestContext): TypePolicy | Promise<TypePolicy>;
}

export const allows = ({ allowedTypes }: TypePolicy, type: string): boolean =>
  allowedTypes.some((allowed) => (allowed.endsWith('*') ? type.startsWith(allowed.slice(0, -1)) : type === allowed));

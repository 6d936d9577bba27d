import type { FastifyRequest } from 'fastify';

const ADMITTED = Symbol('admitted');
type Marked = FastifyRequest & { [ADMITTED]?: true };

/** Marks a request as admitted: it has the credential that its route requires. */
export function markAdmitted(request: FastifyRequest): void {
  (request as Marked)[ADMITTED] = true;
}

export function isAdmitted(request: FastifyRequest): boolean {
  return (request as Marked)[ADMITTED] === true;
}

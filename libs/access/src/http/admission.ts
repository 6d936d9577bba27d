import type { FastifyRequest } from 'fastify';

const ADMITTED = Symbol('admitted');
type Marked = FastifyRequest & { [ADMITTED]?: true };

/** The request shows what its route asks for. */
export function markAdmitted(request: FastifyRequest): void {
  (request as Marked)[ADMITTED] = true;
}

export function isAdmitted(request: FastifyRequest): boolean {
  return (request as Marked)[ADMITTED] === true;
}

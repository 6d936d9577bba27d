import type { OperatorContext } from '#caas/access';

/** Who works at the command line, in the audit log. */
export const OPERATOR: OperatorContext = { name: 'cli', requestId: 'cli' };

import { displayedTextProblem, invalid } from '#caas/kernel';

/** In code points. */
export const MAX_TENANT_NAME_LENGTH = 200;

/** For names that no DTO has checked, such as those of the command line. @throws CaasError `invalid_name` (400) */
export function requireTenantName(name: string): void {
  const problem = displayedTextProblem(name, { kind: 'name', max: MAX_TENANT_NAME_LENGTH });
  if (problem === null) return;
  throw invalid('invalid_name', `The name of the tenant must be ${problem}.`, [
    { field: 'name', message: `must be ${problem}` },
  ]);
}

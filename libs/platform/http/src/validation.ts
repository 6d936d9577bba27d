import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { invalid, type FieldError } from '#caas/kernel';
import { isFields, NESTED } from './structured-fields';

/** Bodies and queries are checked against their DTO; a field the DTO does not know is an error, not ignored. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    stopAtFirstError: true,
    validationError: { target: false },
    exceptionFactory: (errors) => {
      const fields = errors.flatMap((error) => fieldErrors(error, ''));
      const names = fields.map(({ field }) => field).join(', ');
      return invalid('validation_failed', `The request is not valid: ${names}.`, fields);
    },
  });
}

function fieldErrors({ property, value, constraints, children }: ValidationError, parent: string): FieldError[] {
  const field = parent === '' ? property.slice(0, 64) : `${parent}.${property.slice(0, 64)}`;
  const own = Object.entries(constraints ?? {}).map(([rule, message]) => {
    // Of a list it is the entry that is wrong.
    const at = rule === NESTED && Array.isArray(value) ? value.findIndex((entry) => !isFields(entry)) : -1;
    if (at >= 0) return { field: `${field}.${at}`, message: 'must be an object' };
    return { field, message: inWords(rule, message, property) };
  });
  return [...own, ...(children ?? []).flatMap((child) => fieldErrors(child, field))];
}

/** class-validator begins its messages with the property's name, which the field says already. */
function inWords(rule: string, message: string, property: string): string {
  if (rule === 'whitelistValidation') return 'is not known here';
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}

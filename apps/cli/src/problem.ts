import { CaasError, type FieldError } from '#caas/kernel';
import { ConfigurationError } from '#caas/platform/config';
import { redactText } from '#caas/platform/logging';
import { UsageError } from './framework/errors';

export interface CommandProblem {
  code: string;
  detail: string;
  errors?: FieldError[];
  exit: number;
}

/** Kinds of errors that say that the command names what is not there, or asks for what cannot be: nothing was touched. */
const WRITTEN_WRONG = ['not_found', 'invalid'];

/** An error in the words and fields of the API's problems. */
export function problemOf(error: unknown): CommandProblem {
  if (error instanceof UsageError) return { code: error.code, detail: error.message, exit: 2 };
  if (error instanceof ConfigurationError) return { code: 'configuration', detail: error.message, exit: 2 };
  if (error instanceof CaasError) {
    const { code, message, kind, fields } = error;
    const more = fields.length > 0 ? { errors: fields } : {};
    return { code, detail: message, ...more, exit: WRITTEN_WRONG.includes(kind) ? 2 : 1 };
  }
  return { code: 'failed', detail: redactText(plain(error as Error)), exit: 1 };
}

/** What stands behind an engine that is away is said in the words of its driver. */
function plain({ name, message, code }: Error & { code?: string }): string {
  if (name === 'MongooseServerSelectionError' || name === 'MongoServerSelectionError') {
    return `MongoDB does not answer: ${message}. See \`caas doctor\`.`;
  }
  if (name === 'MaxRetriesPerRequestError' || code === 'ECONNREFUSED') {
    return `An engine does not answer: ${message}. See \`caas doctor\`.`;
  }
  return `The command failed: ${message}`;
}

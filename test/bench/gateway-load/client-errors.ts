import type { MongoServerError } from 'mongodb';

/** An error that an operation of a client ended with, whatever the driver did about it before. */
export interface ClientError {
  operation: string;
  name: string;
  code: number | string;
  codeName: string;
  labels: string[];
  message: string;
}

const INDEX_NOT_FOUND = 27;

/** Errors that a MongoDB would answer too: of two who drop one index, the second finds none. */
const OWN_FAULTS: readonly { operation: string; code: number }[] = [{ operation: 'dropIndex', code: INDEX_NOT_FOUND }];

export function clientError(operation: string, error: unknown): ClientError {
  const { name, code, codeName, errorLabels, message } = error as MongoServerError;
  return {
    operation,
    name,
    code: code ?? '-',
    codeName: codeName ?? '-',
    labels: [...(errorLabels ?? [])],
    message: message.replaceAll(/\d+/g, '#').slice(0, 200),
  };
}

export const isOwnFault = ({ operation, code }: ClientError): boolean =>
  OWN_FAULTS.some((fault) => fault.operation === operation && fault.code === code);

/** Each kind of error once, with how often it came, the most frequent first. */
export function grouped(errors: readonly ClientError[]): string[] {
  const counts = new Map<string, number>();
  for (const error of errors) {
    const { operation, name, code, codeName, labels, message } = error;
    const verdict = isOwnFault(error) ? "the client's own" : 'WRONG';
    const text = `${verdict}  ${operation}: ${name} ${code} ${codeName} [${labels.join(' ')}] ${message}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([text, count]) => `× ${count}  ${text}`);
}

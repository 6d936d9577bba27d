import type { Reply } from './connection';

/** What an answer was: fine (a result, or an error as MongoDB has them), an InternalError, or nothing that a client could use. */
export type Verdict =
  | { kind: 'fine'; code: number }
  | { kind: 'internal'; code: number; message: string }
  | { kind: 'lost'; code: number; message: string }
  | { kind: 'wrong'; code: number; message: string };

const INTERNAL_ERROR = 1;
/** Of an engine that ended under the command. */
const LOST =
  /terminat|ECONNRE|EPIPE|connection.*(closed|lost|ended)|recovery mode|starting up|shutting down|crash|no connection/i;
const LOST_CODES = new Set([6, 91, 189, 11_600, 50]);

interface WriteError {
  code?: unknown;
  errmsg?: unknown;
}

export function verdictOn(reply: Reply): Verdict {
  if (reply.ok === 1) return verdictOnWrites(reply);
  const { ok, code, codeName, errmsg } = reply;
  if (ok !== 0) return { kind: 'wrong', code: -1, message: `ok is ${String(ok)}` };
  if (!Number.isInteger(code) || typeof codeName !== 'string' || codeName === '' || typeof errmsg !== 'string') {
    return { kind: 'wrong', code: -1, message: `an error of code ${String(code)}, name ${String(codeName)}` };
  }
  return ofError(code as number, errmsg);
}

function verdictOnWrites({ writeErrors }: Reply): Verdict {
  if (!Array.isArray(writeErrors)) return { kind: 'fine', code: 0 };
  let verdict: Verdict = { kind: 'fine', code: 0 };
  for (const { code, errmsg } of writeErrors as WriteError[]) {
    if (!Number.isInteger(code) || typeof errmsg !== 'string') {
      return { kind: 'wrong', code: -1, message: `a write error of code ${String(code)}` };
    }
    const each = ofError(code as number, errmsg);
    if (verdict.kind === 'fine') verdict = each;
  }
  return verdict;
}

function ofError(code: number, message: string): Verdict {
  if ((LOST_CODES.has(code) || code === INTERNAL_ERROR) && LOST.test(message)) return { kind: 'lost', code, message };
  if (code === INTERNAL_ERROR) return { kind: 'internal', code, message };
  return { kind: 'fine', code };
}

/** Messages that differ in names and numbers alone are one. */
export function commonWords(message: string): string {
  return message
    .replaceAll(/BSONHEX[0-9a-f]*/gi, 'BSONHEX…')
    .replaceAll(/"[^"]{0,300}"/g, '"…"')
    .replaceAll(/'[^']{0,300}'/g, "'…'")
    .replace(/\{.*\}/s, '{…}')
    .replace(/\[.*\]/s, '[…]')
    .replaceAll(/-?\d+/g, '#')
    .slice(0, 300);
}

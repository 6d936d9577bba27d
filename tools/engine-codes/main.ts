/**
 * Writes the gateway's table of the engine's error codes from the engine's own list, `all_error_mappings_oss_generated.csv` of its
 * sources: `ErrorName,ErrorCode,ExternalErrorCode`, where ErrorCode is the SQLSTATE that the engine raises and ExternalErrorCode
 * the code that a MongoDB client knows. To be run when the engine's version changes: `npm run engine-codes -- FILE`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { repositoryRoot } from '../stack/repository';

const TABLE = join(repositoryRoot(), 'libs/documentdb-gateway/src/errors/engine-codes.ts');

/** MongoDB's code for each ordinal. @throws Error for a list with gaps, or of another form */
function codesOf(csv: string): number[] {
  const codes: number[] = [];
  for (const line of csv.split('\n').slice(1).filter(Boolean)) {
    const [, sqlState = '', code] = line.split(',');
    // Some errors are of PostgreSQL's own classes, which the gateway knows by themselves.
    if (!sqlState.startsWith('M')) continue;
    if (!/^M[0-9A-Z]{4}$/.test(sqlState) || !Number.isInteger(Number(code))) throw new Error(`not understood: ${line}`);
    codes[parseInt(sqlState.slice(1), 36)] = Number(code);
  }
  if (codes.length === 0 || codes.includes(undefined as never))
    throw new Error('the list has gaps: is it the right file?');
  return codes;
}

async function main([file]: string[]): Promise<void> {
  if (!file) throw new Error('usage: npm run engine-codes -- FILE');
  const codes = codesOf(readFileSync(file, 'utf8'));
  const text = `/** MongoDB's code for each of the engine's errors, by its place in the engine's list. Made by \`npm run engine-codes\`. */
export const ENGINE_CODES: readonly number[] = [${codes.join(', ')}];`;
  writeFileSync(TABLE, await format(text, { ...(await resolveConfig(TABLE)), filepath: TABLE }));
  process.stdout.write(`${codes.length} codes\n`);
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

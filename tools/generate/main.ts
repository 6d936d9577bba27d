/**
 * `npm run generate -- domain|route|event|job|message-kind …`: writes what the sections "Add …" of CONTRIBUTING.md name, and says
 * what is left to do by hand. Ends with 2 when the command was written wrong: nothing was written then.
 */
import { repositoryRoot } from '../stack/repository';
import { generate } from './generate';
import { UsageError } from './usage-error';

async function main(args: string[]): Promise<number> {
  try {
    console.log(await generate(repositoryRoot(), args));
    return 0;
  } catch (error) {
    console.error(`generate: ${(error as Error).message}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));

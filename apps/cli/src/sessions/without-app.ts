import type { Session } from '../framework/command';
import { Progress } from '../framework/progress';
import { OPERATOR } from './operator';

/** For commands that need nothing of the service. */
export function withoutApp(): Session {
  const progress = new Progress();
  const missing = (): never => {
    throw new Error('This command has no application: it says that it needs no parts.');
  };
  return {
    operator: OPERATOR,
    progress: (line) => progress.tell(line),
    contextOf: missing,
    get app() {
      return missing();
    },
  };
}

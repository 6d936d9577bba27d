import type { Workspace } from './workspace';

export interface Generator {
  /** What stands behind `npm run generate --`. */
  usage: string;
  /** The most words that it takes. */
  words: number;
  /**
   * Prepares all changes in the workspace.
   * @returns what is left to do by hand, each with why
   * @throws UsageError for a name that is missing, malformed or taken; Error for a place in a file that is not found
   */
  prepare(workspace: Workspace, args: string[]): string[];
}

/** The command was written wrong, or asks for what is there already: nothing was written, and the process ends with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

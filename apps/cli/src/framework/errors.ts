/** The command was written wrong: nothing was touched, and the process ends with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(
    message: string,
    readonly code = 'usage',
  ) {
    super(message);
  }
}

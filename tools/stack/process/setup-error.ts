/** The system cannot start as things are; the message tells a reader all they need, and no stack trace adds to it. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

import { join } from 'node:path';
import { keptSecret } from '#caas/platform/config';

/** The one user of the embedded MongoDB; PostgreSQL's is `postgres`, and Redis' has no name. */
export const MONGODB_USER = 'caas';

/** Made once for a data folder and kept in it, one file each (mode 0600). */
export class EnginePasswords {
  constructor(private readonly dataDir: string) {}

  get postgres(): string {
    return keptSecret(this.fileOf('postgres'));
  }

  get mongodb(): string {
    return keptSecret(this.fileOf('mongodb'));
  }

  get redis(): string {
    return keptSecret(this.fileOf('redis'));
  }

  /** For a program that reads it by itself. */
  get mongodbFile(): string {
    keptSecret(this.fileOf('mongodb'));
    return this.fileOf('mongodb');
  }

  private fileOf(engine: string): string {
    return join(this.dataDir, `${engine}-password`);
  }
}

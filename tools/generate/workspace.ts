import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { UsageError } from './usage-error';

export interface WrittenFile {
  path: string;
  isNew: boolean;
}

/**
 * The files of one run, by their paths below the repository. Changes are collected and written by `commit`, so that a run that
 * fails half-way leaves nothing behind.
 */
export class Workspace {
  private readonly pending = new Map<string, { text: string; isNew: boolean }>();

  constructor(private readonly root: string) {}

  exists(path: string): boolean {
    return this.pending.has(path) || existsSync(join(this.root, path));
  }

  /** @throws Error when there is no such file */
  read(path: string): string {
    const pending = this.pending.get(path);
    if (pending) return pending.text;
    if (!existsSync(join(this.root, path))) throw new Error(`${path} is missing, and the generator adds to it.`);
    return readFileSync(join(this.root, path), 'utf8');
  }

  /** Files and folders directly in a folder; none when there is no such folder. */
  namesIn(folder: string): string[] {
    return existsSync(join(this.root, folder)) ? readdirSync(join(this.root, folder)).sort() : [];
  }

  /** Paths of all TypeScript files below a folder, on disk. */
  sourcesBelow(folder: string): string[] {
    if (!existsSync(join(this.root, folder))) return [];
    const names = readdirSync(join(this.root, folder), { recursive: true, encoding: 'utf8' });
    return names
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`)
      .sort();
  }

  /** @throws UsageError when the file exists */
  create(path: string, text: string): void {
    if (this.exists(path)) throw new UsageError(`${path} exists already; nothing was written.`);
    this.pending.set(path, { text, isNew: true });
  }

  /** @throws Error naming the file, when `change` does not find its place in it */
  edit(path: string, change: (text: string) => string): void {
    const isNew = this.pending.get(path)?.isNew ?? false;
    const before = this.read(path);
    try {
      this.pending.set(path, { text: change(before), isNew });
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Formats all changes as the repository has it, then writes them. */
  async commit(): Promise<WrittenFile[]> {
    const formatted = new Map<string, string>();
    for (const [path, { text }] of this.pending) {
      const filepath = join(this.root, path);
      formatted.set(path, await format(text, { ...(await resolveConfig(filepath)), filepath }));
    }
    for (const [path, text] of formatted) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), text);
    }
    return [...this.pending].map(([path, { isNew }]) => ({ path, isNew }));
  }
}

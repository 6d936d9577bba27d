import type { DynamicModule, Type } from '@nestjs/common';
import { ApplicationConfig, ModuleRef, ModulesContainer, NestFactory } from '@nestjs/core';

/** Modules that Nest and its packages declare as global. */
const OF_PACKAGES = ['InternalCoreModule', 'BullModule', 'MongooseCoreModule'];
/** Nest provides these in every module. */
const IN_EVERY_MODULE: unknown[] = [ModuleRef, ApplicationConfig];

export interface ModuleGraph {
  /** Names of the modules that all others can use without an import. */
  globals: string[];
  /** Import cycles, as `A > B > A`. */
  circles: string[];
  /** Providers of more than one module, which therefore have more than one instance. */
  providedTwice: string[];
}

/**
 * The module graph of an application, as Nest sees it. It creates no instances, so no engine is needed.
 * @throws Error of Nest when a class injects what its module does not import
 */
export async function moduleGraph(root: Type | DynamicModule): Promise<ModuleGraph> {
  const app = await NestFactory.createApplicationContext(root, { preview: true, logger: false, abortOnError: false });
  const modules = [...app.get(ModulesContainer).values()];
  await app.close();
  const providers = new Map<unknown, string[]>();
  for (const { name, metatype, providers: own } of modules) {
    for (const [token, { isAlias, inject, metatype: made }] of own) {
      if (isAlias || token === metatype || IN_EVERY_MODULE.includes(token)) continue;
      // Also by its class, which may be provided under another token.
      const keys = inject || !made ? [token] : new Set([token, made]);
      for (const key of keys) providers.set(key, [...(providers.get(key) ?? []), name]);
    }
  }
  return {
    globals: modules.filter(({ isGlobal, name }) => isGlobal && !OF_PACKAGES.includes(name)).map(({ name }) => name),
    circles: circlesOf(modules),
    providedTwice: [...providers]
      .filter(([, names]) => names.length > 1)
      .map(([key, names]) => `${nameOf(key)} by ${names.join(', ')}`),
  };
}

const nameOf = (key: unknown): string => (typeof key === 'function' ? key.name : String(key));

interface Importer {
  name: string;
  isGlobal: boolean;
  imports: Set<Importer>;
}

/** Nest adds the global modules to the imports of all others; these are not imports that we declared. */
function circlesOf(modules: readonly Importer[]): string[] {
  const finished = new Set<Importer>();
  const circles: string[] = [];
  const visit = (module: Importer, path: readonly Importer[]): void => {
    if (path.includes(module)) {
      circles.push([...path.slice(path.indexOf(module)), module].map(({ name }) => name).join(' > '));
      return;
    }
    if (finished.has(module)) return;
    for (const each of module.imports) if (!each.isGlobal) visit(each, [...path, module]);
    finished.add(module);
  };
  for (const module of modules) visit(module, []);
  return circles;
}

const VERSION = Symbol('version');

type Versioned = { [VERSION]?: number };

/**
 * Gives the view of one resource its version, which is no field of it: over HTTP it leaves in the `ETag`. The version counts changes by
 * clients only.
 */
export function versioned<T extends object>(view: T, version: number): T {
  Object.defineProperty(view, VERSION, { value: version });
  return view;
}

/** Undefined for what `versioned` did not return. */
export function versionOf(view: unknown): number | undefined {
  return typeof view === 'object' && view !== null ? (view as Versioned)[VERSION] : undefined;
}

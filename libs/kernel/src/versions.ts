const VERSION = Symbol('version');

type Versioned = { [VERSION]?: number };

/**
 * Attaches a version to the view of one resource, without making it a field: over HTTP the version is sent in the `ETag`. It
 * counts only changes by clients.
 */
export function versioned<T extends object>(view: T, version: number): T {
  Object.defineProperty(view, VERSION, { value: version });
  return view;
}

/** The version of a view; undefined for a value that `versioned` did not return. */
export function versionOf(view: unknown): number | undefined {
  return typeof view === 'object' && view !== null ? (view as Versioned)[VERSION] : undefined;
}

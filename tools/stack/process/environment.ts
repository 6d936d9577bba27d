/** What a program of the system's own needs to run at all; none of it is a secret of ours. */
const PLAIN =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|XDG_\w+|LD_LIBRARY_PATH|NODE_COMPILE_CACHE)$/;

/** For an engine: nothing of what this process was told, such as the keys of the installation, but where things are. */
export function engineEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const plain = Object.entries(process.env).filter(([name]) => PLAIN.test(name));
  return { ...Object.fromEntries(plain), ...more };
}

/** For api and worker: all that this process was told, without what a test runner or npm put there for itself. */
export function appEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _testRunnersOwn, JEST_WORKER_ID: _workers, ...rest } = process.env;
  return { ...rest, ...more };
}

/**
 * Runs a program inside the cached root, in a mount namespace of its own: the root read-only, its /data the given folder. The
 * kernel takes the mounts away with the last process of the namespace, so nothing is left to unmount, and several stacks use
 * one root with separate data. The shell becomes the program (`exec` all the way), so the pid is the program's own.
 */
const ENTER = `set -e
root=$1 data=$2 signal=$3; shift 3
mount --rbind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --bind "$data" "$root/data"
owner=$(grep '^postgres:' "$root/etc/passwd" | cut -d: -f3,4)
[ "$(stat -c %u:%g "$root/data")" = "$owner" ] || chown -R "$owner" "$root/data"
exec chroot "$root" setpriv --reuid postgres --regid postgres --init-groups --pdeathsig "$signal" -- "$@"`;

export interface ChrootOptions {
  root: string;
  /** Becomes /data inside, owned by that root's `postgres`. */
  dataFolder: string;
  /** Sent when the process that started it dies. Asked for last, because a change of user clears it. */
  parentDeathSignal: 'INT' | 'TERM';
}

/** The command line that runs `argv` as user `postgres` of the root. */
export function inChroot(
  { root, dataFolder, parentDeathSignal }: ChrootOptions,
  argv: string[],
): [string, ...string[]] {
  return withMountsOfItsOwn(['sh', '-c', ENTER, 'sh', root, dataFolder, parentDeathSignal, ...argv]);
}

/** As root, in a mount namespace of its own. (unshare could cut it off from ours by itself, but not inside a chroot.) */
export function withMountsOfItsOwn(argv: string[]): [string, ...string[]] {
  const cutOff = 'mount --make-rprivate / 2>/dev/null; exec "$@"';
  const flags = ['--mount', '--propagation', 'unchanged'];
  return ['unshare', ...rootOfItsOwn(), ...flags, '--', 'sh', '-c', cutOff, 'sh', ...argv];
}

/** As root. */
export function asRootOfItsOwn(argv: [string, ...string[]]): [string, ...string[]] {
  const flags = rootOfItsOwn();
  return flags.length === 0 ? argv : ['unshare', ...flags, '--', ...argv];
}

/**
 * What makes somebody who is not root one: a user namespace, in which one is root over oneself and the subordinate ids of
 * subuid(5). A root is built and run under the same ids either way.
 */
function rootOfItsOwn(): string[] {
  return process.getuid?.() === 0 ? [] : ['--user', '--map-root-user', '--map-auto'];
}

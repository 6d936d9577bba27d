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

/** Namespaces in which mounts of one's own vanish with the last process. */
export const OWN_MOUNTS = ['--mount', '--propagation', 'private'];

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
  return asRootOfItsOwn(['sh', '-c', ENTER, 'sh', root, dataFolder, parentDeathSignal, ...argv], OWN_MOUNTS);
}

/**
 * As root: the command in the given namespaces. As anybody else: also in a user namespace, in which one is root over
 * oneself and the subordinate ids of subuid(5). A root is built and run under the same ids either way.
 */
export function asRootOfItsOwn(argv: string[], namespaces: string[] = []): [string, ...string[]] {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? [] : ['--user', '--map-root-user', '--map-auto'];
  const flags = [...user, ...namespaces];
  const [command = 'true', ...args] = argv;
  return flags.length === 0 ? [command, ...args] : ['unshare', ...flags, '--', command, ...args];
}

/** One change and the rooms whose sockets receive it. */
export interface Piece {
  rooms: readonly string[];
  /** Sockets in these rooms do not receive it. */
  hiddenFrom: readonly string[];
}

/** Sockets that receive the same pieces. `pieces` holds indices into the list of pieces. */
export interface Group {
  sockets: string[];
  pieces: number[];
}

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Groups sockets by the pieces that they receive. A socket is in one group at most and receives each piece once, even if it is in
 * several of the piece's rooms. The event for a group is encoded once.
 */
export function digestGroups(
  pieces: readonly Piece[],
  socketsIn: (room: string) => ReadonlySet<string> | undefined,
): Group[] {
  const bySocket = new Map<string, number[]>();
  pieces.forEach(({ rooms, hiddenFrom }, at) => {
    const told = union(rooms, socketsIn);
    for (const socket of union(hiddenFrom, socketsIn)) told.delete(socket);
    for (const socket of told) {
      const own = bySocket.get(socket);
      if (own) own.push(at);
      else bySocket.set(socket, [at]);
    }
  });
  const groups = new Map<string, Group>();
  for (const [socket, own] of bySocket) {
    const signature = own.join();
    const group = groups.get(signature);
    if (group) group.sockets.push(socket);
    else groups.set(signature, { sockets: [socket], pieces: own });
  }
  return [...groups.values()];
}

function union(rooms: readonly string[], socketsIn: (room: string) => ReadonlySet<string> | undefined): Set<string> {
  const sockets = new Set<string>();
  for (const room of rooms) for (const socket of socketsIn(room) ?? NOBODY) sockets.add(socket);
  return sockets;
}

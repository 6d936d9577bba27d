/** One piece of news, and whom it concerns: by rooms, each of them a set of sockets. */
export interface Piece {
  rooms: readonly string[];
  /** Sockets in these rooms are not told. */
  hiddenFrom: readonly string[];
}

/** Sockets that get the same pieces, by their places in the list. */
export interface Group {
  sockets: string[];
  pieces: number[];
}

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Who gets what: every socket is in one group at most, and has each piece once, however many rooms it shares with it. Those who
 * get the same are together, so that what is sent to them is encoded once.
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

import type { Bench } from './bench';
import { directChats, pairsUntilReceived } from './parts/direct';
import { flood } from './parts/flood';
import { inbox } from './parts/inbox';
import { lag } from './parts/lag';
import { longHistory } from './parts/long';
import { hotRoom, oneSender, steadyRoom, thousandClients } from './parts/rooms';

/** In the order in which they run. */
export const PARTS: Record<string, (bench: Bench) => Promise<void>> = {
  room: hotRoom,
  steady: steadyRoom,
  one: oneSender,
  thousand: thousandClients,
  pairs: pairsUntilReceived,
  direct: directChats,
  long: longHistory,
  inbox,
  lag,
  flood,
};

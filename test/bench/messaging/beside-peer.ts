import type { Bench } from './bench';
import type { PeerFigures, PeerMode } from './peer';
import { TEXT } from '../support/fixture';

const PEER_TEXT_LENGTH = 298;

/** As long as what is sent in a peer's measurement. */
export const PEER_TEXT = TEXT.repeat(Math.ceil(PEER_TEXT_LENGTH / TEXT.length)).slice(0, PEER_TEXT_LENGTH);

/** A figure that is judged by a peer's. */
export interface Compared {
  what: string;
  figure: number;
  digits?: number;
  mode: PeerMode;
  of: keyof PeerFigures;
  /** Of the ratio to the peer's figure; none where it is only of interest. */
  goal?: number;
  atMost?: boolean;
}

/** Adds the ratio to the peer's figure; where there is none, the figure itself, without a goal. */
export function addBesidePeer({ table, peer }: Bench, compared: Compared): void {
  const { what, figure, digits = 2, mode, of, goal, atMost = false } = compared;
  const theirs = peer[mode]?.[of];
  if (theirs === undefined) return table.add({ what, figure, digits });
  table.note(`${what}: ${figure.toFixed(digits)}; the peer's: ${theirs.toFixed(digits)}`);
  table.add({ what: `${what}, of the peer's`, figure: figure / theirs, goal, atMost });
}

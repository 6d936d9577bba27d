import type { EventEnvelope } from '#caas/contracts';
import type { Room } from './rooms';

/** An event on its way to the sockets of a room. Only the envelope is sent to clients. */
export interface Delivery {
  envelope: EventEnvelope;
  /** Own rooms of the users in this room who must not receive the event. */
  hiddenFrom: readonly Room[];
  /** Of a message: it is sent after the change with this `rev`. */
  afterRev?: number;
  /**
   * Of a change whose event shows the whole message: the `rev` of the message's change before it. The event also stands for that
   * change.
   */
  baseRev?: number;
}

/** Two independent numbers of a conversation: `seq` of its last message and `rev` of its last change. */
export interface RoomPosition {
  seq: number;
  rev: number;
}

/** Does the event have a place in the order of its conversation? */
export const isOrdered = ({ seq, rev }: EventEnvelope): boolean => seq !== undefined || rev !== undefined;

/** Is the event's place among the messages, by `seq`? Otherwise it is among the changes, by `rev`. */
export const isMessage = ({ seq, rev }: EventEnvelope): boolean => seq !== undefined && rev === undefined;

/** Is the event later than a position of its conversation? */
export const isAfter = ({ seq, rev }: RoomPosition, { envelope }: Delivery): boolean =>
  isMessage(envelope) ? envelope.seq! > seq : envelope.rev! > rev;

/** The first of the revs that a change stands for. */
export const firstRevOf = ({ envelope }: Delivery): number => envelope.covers?.[0] ?? envelope.rev!;

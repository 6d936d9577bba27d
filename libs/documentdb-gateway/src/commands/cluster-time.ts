import { Binary, Long, serialize, Timestamp } from 'bson';
import { MongoError } from '../errors/mongo-error';

/** How far ahead of this clock a client's time may be (`maxAcceptableLogicalClockDriftSecs`). */
const MOST_SECONDS_AHEAD = 365 * 24 * 60 * 60;
const TIMESTAMP = 0x11;
/** Where the first value stands in `{ clusterTime: Timestamp, … }`: after length, type and name. */
const FIRST_VALUE = 4 + 1 + 'clusterTime\0'.length;

/** The end of a reply: two timestamps to be filled in at their places. */
const TEMPLATE = Buffer.from(
  serialize({
    operationTime: new Timestamp(0n),
    $clusterTime: {
      clusterTime: new Timestamp(0n),
      signature: { hash: new Binary(Buffer.alloc(20)), keyId: Long.ZERO },
    },
  }),
).subarray(4, -1);
const OPERATION_TIME_AT = TEMPLATE.indexOf('operationTime\0') + 'operationTime\0'.length;
const CLUSTER_TIME_AT = TEMPLATE.indexOf('\x11clusterTime\0') + '\x11clusterTime\0'.length;

/**
 * The replica set's logical clock: seconds of the wall clock and a count within the second. It never goes back, and takes a
 * later time that a client brings from another gateway, so that a session's reads and writes are ordered across them.
 * @see https://www.mongodb.com/docs/manual/reference/method/db.runCommand/#response
 */
export class ClusterClock {
  private seconds = 0;
  private count = 1;

  /** The time after one more operation. */
  tick(): void {
    const now = Math.floor(Date.now() / 1000);
    if (now > this.seconds) {
      this.seconds = now;
      this.count = 1;
    } else this.count += 1;
  }

  /**
   * Takes over a client's `$clusterTime` when it is later.
   * @param gossip the raw document, `{ clusterTime, signature }`
   * @throws MongoError TypeMismatch; ClusterTimeFailsRateLimiter when it is more than a year ahead
   */
  hear(gossip: Buffer): void {
    if (gossip.length < FIRST_VALUE + 8 || gossip[4] !== TIMESTAMP) {
      throw MongoError.of('TypeMismatch', "BSON field '$clusterTime.clusterTime' must be a timestamp");
    }
    const count = gossip.readUInt32LE(FIRST_VALUE);
    const seconds = gossip.readUInt32LE(FIRST_VALUE + 4);
    if (seconds < this.seconds || (seconds === this.seconds && count <= this.count)) return;
    if (seconds > Date.now() / 1000 + MOST_SECONDS_AHEAD) {
      throw MongoError.of('ClusterTimeFailsRateLimiter', 'the $clusterTime of the command is too far from this clock');
    }
    this.seconds = seconds;
    this.count = count;
  }

  /** `operationTime` and `$clusterTime` of a reply, as raw elements. */
  elements(): Buffer {
    const elements = Buffer.from(TEMPLATE);
    for (const at of [OPERATION_TIME_AT, CLUSTER_TIME_AT]) {
      elements.writeUInt32LE(this.count, at);
      elements.writeUInt32LE(this.seconds, at + 4);
    }
    return elements;
  }
}

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { deserialize } from 'bson';
import { encode } from './inputs/raw-bson';
import type { Sent } from './inputs/scripts';

export type Reply = Record<string, unknown>;
/** What came of a command: its reply, or why there is none. */
export type Outcome = { reply: Reply } | { reply: null; why: 'hung up' | 'no answer' | string };

const HEAD_BYTES = 21;
const OP_MSG = 2013;
const LEAVE_AFTER_MS = 3;

/** A client below the driver, one command at a time, that never waits for ever. */
export class Connection {
  private received: Buffer[] = [];
  private size = 0;
  private wake: () => void = () => undefined;
  private ended = false;
  /** Of the cursor that the last reply opened or went on with. */
  cursorId = 0n;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.received.push(chunk);
      this.size += chunk.length;
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.ended = true;
      this.wake();
    });
  }

  /** @throws when nobody listens */
  static async to(port: number): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Sends and waits. A connection that gave no reply is of no more use. */
  async ask(bytes: Buffer, waitMs: number): Promise<Outcome> {
    this.socket.write(bytes);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.wake();
    }, waitMs);
    try {
      for (;;) {
        const frame = this.taken();
        if (frame) return this.read(frame);
        if (this.ended) return { reply: null, why: 'hung up' };
        if (late) return { reply: null, why: 'no answer' };
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends, and is gone while the command is at work. */
  async leave(bytes: Buffer): Promise<void> {
    this.socket.write(bytes);
    await new Promise((resolve) => setTimeout(resolve, LEAVE_AFTER_MS));
    this.close();
  }

  close(): void {
    this.socket.destroy();
  }

  private taken(): Buffer | null {
    if (this.size < 4) return null;
    if (this.received[0]!.length < 4) this.received = [Buffer.concat(this.received)];
    const length = this.received[0]!.readInt32LE(0);
    if (this.size < length) return null;
    const all = Buffer.concat(this.received);
    this.received = all.length > length ? [all.subarray(length)] : [];
    this.size -= length;
    return all.subarray(0, length);
  }

  private read(frame: Buffer): Outcome {
    try {
      const reply = deserialize(frame.subarray(HEAD_BYTES), {
        useBigInt64: true,
        bsonRegExp: true,
        validation: { utf8: false },
      }) as Reply;
      const cursor = reply.cursor as { id?: unknown } | undefined;
      if (typeof cursor?.id === 'bigint') this.cursorId = cursor.id;
      return { reply };
    } catch (error) {
      return { reply: null, why: `a reply that is no BSON: ${(error as Error).message}` };
    }
  }
}

/** The message that carries a command. */
export function frameOf({ body, beside }: Sent, cursorId: bigint): Buffer {
  const document = encode(body, cursorId);
  return framed(
    document,
    beside &&
      sequence(
        beside.field,
        beside.documents.map((each) => encode(each, cursorId)),
      ),
  );
}

export function framed(document: Buffer, section: Buffer | null = null): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const message = Buffer.concat([head, document, ...(section ? [section] : [])]);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(1, 4);
  message.writeInt32LE(OP_MSG, 12);
  return message;
}

function sequence(field: string, documents: Buffer[]): Buffer {
  const name = Buffer.from(`${field}\0`);
  const head = Buffer.alloc(5);
  head[0] = 1;
  const section = Buffer.concat([head, name, ...documents]);
  section.writeInt32LE(section.length - 1, 1);
  return section;
}

/** MongoDB's own limit for one message: 48,000,000 bytes. */
export const MAX_MESSAGE_BYTES = 48_000_000;
const HEADER_BYTES = 16;

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/**
 * Cuts a stream of chunks into wire messages. Chunks are kept as they came and joined once, when a message is whole, so a
 * message of n chunks costs n steps and not n² copies.
 */
export class FrameReader {
  private chunks: Buffer[] = [];
  private buffered = 0;
  private wanted: number | null = null;

  /** @throws ProtocolError when the stream cannot be a MongoDB client's */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    const frames: Buffer[] = [];
    for (let frame = this.next(); frame !== null; frame = this.next()) frames.push(frame);
    return frames;
  }

  private next(): Buffer | null {
    if (this.wanted === null) {
      if (this.buffered < 4) return null;
      this.wanted = this.peekLength();
    }
    return this.buffered >= this.wanted ? this.take(this.wanted) : null;
  }

  private peekLength(): number {
    const first = this.chunks[0]!;
    const length = (first.length >= 4 ? first : this.joined()).readInt32LE(0);
    if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) throw new ProtocolError(`a message of ${length} bytes`);
    return length;
  }

  private take(length: number): Buffer {
    const all = this.joined();
    const frame = all.subarray(0, length);
    this.chunks = all.length > length ? [all.subarray(length)] : [];
    this.buffered -= length;
    this.wanted = null;
    return frame;
  }

  private joined(): Buffer {
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks, this.buffered);
    this.chunks = [all];
    return all;
  }
}

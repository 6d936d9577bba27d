import { createHash, randomBytes } from 'node:crypto';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { Upload } from 'tus-js-client';
import { patient, type Caller } from '#caas/testing';

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** Of no type that anybody knows: none begins with zeros. */
export const someBytes = (size: number) => randomBytes(size).fill(0, 0, Math.min(16, size));

export const b64 = (text: string) => Buffer.from(text).toString('base64');

/** The headers of a new upload. */
export const creation = (sizeBytes: number, metadata = `filename ${b64('a.bin')}`) => ({
  'tus-resumable': '1.0.0',
  'upload-length': String(sizeBytes),
  'upload-metadata': metadata,
});

/** The headers of a chunk. */
export const chunk = (offset: number) => ({
  'tus-resumable': '1.0.0',
  'upload-offset': String(offset),
  'content-type': 'application/offset+octet-stream',
});

export const TUS = { 'tus-resumable': '1.0.0' };

/** Uploads by tus-js-client, going on by itself after each failure. Answers the id of the file. */
export async function uploadBytes(
  caller: Pick<Caller, 'credentials'>,
  endpoint: string,
  bytes: Buffer,
  onProgress: (sent: number) => void = () => undefined,
): Promise<string> {
  const headers = await caller.credentials();
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint,
      headers,
      metadata: { filename: 'large.bin', filetype: 'application/octet-stream' },
      // For as long as a process takes to start again.
      retryDelays: Array.from({ length: patient(60) }, () => 200),
      onProgress,
      onError: reject,
      onSuccess: () => resolve(upload.url!.split('/').at(-1)!),
    });
    upload.start();
  });
}

/** A way to a server that can be cut, and led to another. */
export class Wire {
  private server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(public targetPort: number) {}

  static async to(url: string): Promise<Wire> {
    const wire = new Wire(Number(new URL(url).port));
    wire.server = createServer((client) => wire.join(client));
    await new Promise<void>((resolve) => wire.server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private join(client: Socket): void {
    const target = connect(this.targetPort, '127.0.0.1');
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      this.sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  }
}

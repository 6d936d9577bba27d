import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { deserialize, serialize } from 'bson';
import { repositoryRoot } from '../../tools/stack/repository';

type Fields = Record<string, unknown>;

/**
 * Tests of the gateway itself. They need the embedded engine, whose address the runner gives in `CAAS_TEST_POSTGRES`; where a real
 * mongod serves the documents there is no gateway to test, and the suite says so.
 */
export function describeGateway(name: string, suite: (postgres: string) => void): void {
  const { CAAS_TEST_POSTGRES: postgres, MONGODB_URI: mongodbUri } = process.env;
  describe(name, () => {
    if (postgres) return suite(postgres);
    it('has an engine to run on, or a mongod instead of the gateway', () => {
      if (mongodbUri) process.stdout.write(`${name}: a MongoDB serves the documents, so there is no gateway to test\n`);
      expect({ CAAS_TEST_POSTGRES: postgres, MONGODB_URI: mongodbUri }).toHaveProperty(
        'MONGODB_URI',
        expect.stringContaining('mongodb'),
      );
    });
  });
}

/** A gateway process of the test's own. */
export class GatewayProcess {
  /** Resolves with how it ended. */
  readonly exit: Promise<string>;
  private lastErrors = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    this.exit = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
    child.stderr!.on(
      'data',
      (chunk: Buffer) => (this.lastErrors = (this.lastErrors + chunk.toString()).slice(-10_000)),
    );
  }

  /** The end of what it has written to stderr. */
  get errors(): string {
    return this.lastErrors;
  }

  /** @param postgresUri with the password, which the gateway has from its environment */
  static async start(postgresUri: string, ...options: string[]): Promise<GatewayProcess> {
    const { host, password } = new URL(postgresUri);
    const child = spawnGateway(['--listen', '127.0.0.1:0', '--postgres', host, ...options], { PGPASSWORD: password });
    const lines = createInterface(child.stdout!);
    const ready = once(lines, 'line').then(([line]) => JSON.parse(String(line)) as { ready: boolean; port: number });
    let said = '';
    const listen = (chunk: Buffer) => (said += chunk.toString());
    child.stderr!.on('data', listen);
    const ended = once(child, 'close').then(([code]) => {
      throw new Error(`the gateway ended with ${String(code)} before it was ready: ${said}`);
    });
    const { port } = await Promise.race([ready, ended]);
    child.stderr!.off('data', listen);
    ended.catch(() => undefined);
    return new GatewayProcess(child, port);
  }

  get uri(): string {
    return `mongodb://127.0.0.1:${this.port}/?directConnection=true`;
  }

  /** @returns the exit code, or the signal that ended it */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | string> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode ?? 'ended';
    this.child.kill(signal);
    const [code, by] = (await once(this.child, 'exit')) as [number | null, string | null];
    return code ?? String(by);
  }
}

/** Runs the gateway with options that it should refuse. */
export async function refusedStart(...options: string[]): Promise<{ code: number; stderr: string }> {
  const child = spawnGateway(options);
  let stderr = '';
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr };
}

function spawnGateway(options: string[], more: NodeJS.ProcessEnv = {}): ChildProcess {
  const { NODE_OPTIONS: _jests, ...env } = process.env;
  const entry = join(repositoryRoot(), 'dist/apps/documentdb-gateway/src/main.js');
  return spawn(process.execPath, [entry, ...options], { env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A client below the driver: it says exactly what a test wants said, also what no driver would. */
export class WireClient {
  private received = Buffer.alloc(0);
  private readonly waiting: (() => void)[] = [];
  private requestId = 0;
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk as Buffer]);
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
  }

  static async connect(port: number): Promise<WireClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new WireClient(socket);
  }

  async command(command: Fields): Promise<Fields> {
    this.send(opMsg(command, ++this.requestId));
    return this.reply();
  }

  /** The reply with its `operationTime` and `$clusterTime`, which are never the same twice. */
  async timed(command: Fields): Promise<Fields> {
    this.send(opMsg(command, ++this.requestId));
    return this.timedReply();
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next OP_MSG that comes, without its time. @throws when the server hangs up instead */
  async reply(): Promise<Fields> {
    const { operationTime: _at, $clusterTime: _time, ...reply } = await this.timedReply();
    return reply;
  }

  private async timedReply(): Promise<Fields> {
    for (;;) {
      const size = this.received.length >= 4 ? this.received.readInt32LE(0) : Infinity;
      if (this.received.length >= size) {
        const document = deserialize(this.received.subarray(21, size)) as Fields;
        this.received = this.received.subarray(size);
        return document;
      }
      if (this.closed) throw new Error('the server hung up');
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async hungUp(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  close(): void {
    this.socket.destroy();
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

export function opMsg(command: Fields, requestId = 1, flags = 0): Buffer {
  const body = serialize(command);
  const head = Buffer.alloc(21);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(requestId, 4);
  head.writeInt32LE(2013, 12);
  head.writeUInt32LE(flags, 16);
  return Buffer.concat([head, body]);
}

import type { Socket } from 'node:net';
import { withFields } from './bson/append';
import { elementsOf } from './bson/raw-document';
import { ScramLogin, type ScramVerifier } from './auth/scram';
import { Command, type Gateway } from './commands/command';
import type { Strike } from './commands/strike';
import { answer } from './commands/registry';
import { hello } from './commands/handshake';
import { MongoError } from './errors/mongo-error';
import { fromPostgres } from './errors/postgres-errors';
import { FrameReader } from './wire/frame-reader';
import { encodeReply, parseRequest, type WireRequest } from './wire/message';

const GREETINGS = new Set(['hello', 'isMaster', 'ismaster']);

/** What a client may send before it has logged in. */
const BEFORE_LOGIN = new Set([
  'hello',
  'isMaster',
  'ismaster',
  'ping',
  'buildInfo',
  'buildinfo',
  'saslStart',
  'saslContinue',
]);

/**
 * One client. Its commands are answered in the order they came, one at a time; while one is at work the socket is not read,
 * so a client that sends faster than the engine works is slowed down and nothing piles up here.
 */
export class ClientConnection {
  private readonly frames = new FrameReader();
  private readonly login: ScramLogin | null;
  private queue: Buffer[] = [];
  private working = false;
  private atWork: Command | null = null;
  private ended = false;

  constructor(
    private readonly gateway: Gateway,
    private readonly socket: Socket,
    private readonly id: number,
    verifier: ScramVerifier | null,
  ) {
    this.login = verifier && new ScramLogin(verifier);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('close', () => this.end());
  }

  get busy(): boolean {
    return this.working;
  }

  private receive(chunk: Buffer): void {
    try {
      this.queue.push(...this.frames.push(chunk));
    } catch {
      // What follows a broken frame cannot be read any more; other clients have sockets of their own.
      return this.end();
    }
    if (!this.working) void this.work();
    else if (this.queue.length > 0) this.socket.pause();
  }

  private async work(): Promise<void> {
    this.working = true;
    for (let frame = this.queue.shift(); frame !== undefined && !this.ended; frame = this.queue.shift()) {
      await this.handle(frame);
    }
    this.working = false;
    this.socket.resume();
  }

  private async handle(frame: Buffer): Promise<void> {
    let request: WireRequest;
    let command: Command;
    try {
      request = parseRequest(frame);
      command = new Command(this.gateway, request, this.id);
    } catch {
      return this.end();
    }
    this.atWork = command;
    const reply = await this.replyOrFail(command);
    this.atWork = null;
    if (reply === null) return this.end();
    if (request.silent || this.ended) return;
    if (!this.socket.write(encodeReply(request, reply))) await this.drained();
  }

  /** @returns null when a fail point of a test wants the connection closed, before or after the command */
  private async replyOrFail(command: Command): Promise<Buffer | Record<string, unknown> | null> {
    // A greeting that cannot be read hangs up, as any broken frame does.
    const strike = (await this.gateway.failPoints?.strike(command).catch((): Strike => ({ kind: 'hangUp' }))) ?? null;
    if (strike?.kind === 'hangUp') return null;
    if (strike?.kind === 'reply') return strike.reply;
    const reply = await this.reply(command);
    if (strike?.kind === 'hangUpAfter') return null;
    if (strike === null) return reply;
    return Buffer.isBuffer(reply) ? withFields(reply, strike.fields) : { ...reply, ...strike.fields };
  }

  private async reply(command: Command): Promise<Buffer | Record<string, unknown>> {
    if (GREETINGS.has(command.name)) this.learnClient(command);
    if (!this.login) return answer(command);
    try {
      if (command.name === 'saslStart') return this.login.start(command.document);
      if (command.name === 'saslContinue') return this.login.continue(command.document);
      if (GREETINGS.has(command.name)) return this.greet(command);
      if (!this.login.authenticated && !BEFORE_LOGIN.has(command.name)) {
        throw MongoError.of('Unauthorized', `command ${command.name} requires authentication`);
      }
    } catch (error) {
      return fromPostgres(error, false).toReply();
    }
    return answer(command);
  }

  /** What a driver says of its program, it says in the first greeting of each connection. */
  private learnClient({ request }: Command): void {
    for (const { name, valueStart, end } of elementsOf(request.body)) {
      if (name !== 'client') continue;
      const program = request.body.toString('latin1', valueStart, end);
      this.gateway.clients.greeted(this.id, `${this.socket.remoteAddress} ${program}`);
    }
  }

  /** Drivers begin to log in within their first greeting. */
  private greet(command: Command): Record<string, unknown> {
    const { speculativeAuthenticate } = command.document as { speculativeAuthenticate?: Record<string, unknown> };
    const offered = { ...hello(command), saslSupportedMechs: ['SCRAM-SHA-256'] };
    if (speculativeAuthenticate?.mechanism !== 'SCRAM-SHA-256') return offered;
    return { ...offered, speculativeAuthenticate: this.login!.start(speculativeAuthenticate) };
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.socket.off('drain', done).off('close', done);
        resolve();
      };
      this.socket.once('drain', done).once('close', done);
    });
  }

  /** Hangs up; nothing more is answered. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.queue = [];
    this.socket.destroy();
    // Nobody is there to be answered: what waits for it, or works for it, goes to others.
    this.atWork?.interrupt.raise(MongoError.of('Interrupted', 'the client is gone'));
  }
}

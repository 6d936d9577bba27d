import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { pause, repeat, type Attack, type Sent, type Target } from './attack';

const UNFINISHED = 500;
const UNFINISHED_BYTES = 990_000;
/** An unfinished body is begun again so long after it was ended: 250 a second, at most. */
const BEGUN_AGAIN_AFTER_MS = 2_000;
const FIELDS = 80_000;
const WORDS = 'a '.repeat(9_999);
const GUESSES_AT_ONCE = 20;
const GUESS_EVERY_MS = 20;

/** Bodies without a credential that lack their last byte. */
export const bodies: Attack = (target, until, sent) => {
  const { hostname, port } = new URL(target.url);
  const head = `POST /v1/users HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n`;
  const body = Buffer.alloc(UNFINISHED_BYTES - 1, 'x');
  return repeat(UNFINISHED, { until, pauseMs: BEGUN_AGAIN_AFTER_MS }, async () => {
    const socket = connect(Number(port), hostname);
    sent.connections += 1;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(`${head}Content-Length: ${UNFINISHED_BYTES}\r\n\r\n`);
    socket.write(body);
    await Promise.race([closed, pause(until - performance.now())]);
    if (performance.now() < until) sent.ended += 1;
    sent.bytes += socket.bytesWritten;
    socket.destroy();
  });
};

/** Bodies of one user, of nothing but fields that are not known. */
export const fields: Attack = (target, until, sent) => {
  const body = JSON.stringify(Object.fromEntries(Array.from({ length: FIELDS }, (_, at) => [`f${at}`, 1])));
  return posts(target, until, sent, () => body);
};

/** Texts of a tenant whose thousand blocked phrases all begin as they do. */
export const words: Attack = (target, until, sent) =>
  posts(target, until, sent, (at) => JSON.stringify({ client_message_id: `${process.pid}-${at}`, text: WORDS }));

/** Tokens of the right form with a wrong signature, each another one. */
export const guesses: Attack = async (target, until, sent) => {
  const agent = new Agent({ keepAlive: true });
  const [head, claims] = (target.tokens[0] ?? 'a.b.c').split('.');
  await repeat(GUESSES_AT_ONCE, { until, pauseMs: GUESS_EVERY_MS }, () =>
    call(
      target,
      sent,
      agent,
      { method: 'GET', path: '/v1/users/me' },
      `${head}.${claims}.${randomBytes(32).toString('base64url')}`,
    ),
  );
  agent.destroy();
};

async function posts(target: Target, until: number, sent: Sent, bodyOf: (at: number) => string): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const path = `/v1/conversations/${target.conversationId}/messages`;
  let serial = 0;
  await repeat(2, { until, pauseMs: 100 }, (at) => {
    serial += 1;
    const token = target.tokens[at % target.tokens.length] ?? '';
    return call(target, sent, agent, { method: 'POST', path }, token, bodyOf(serial));
  });
  agent.destroy();
}

/** Resolves when it was answered, or the connection was ended. */
function call(
  { url }: Target,
  sent: Sent,
  agent: Agent,
  { method, path }: { method: string; path: string },
  token: string,
  body?: string,
): Promise<void> {
  sent.requests += 1;
  sent.bytes += body?.length ?? 0;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return new Promise((resolve) => {
    const asked = request(`${url}${path}`, { method, agent, headers }, (answer) => {
      answer.resume();
      answer.once('close', () => resolve());
    });
    asked.once('error', () => {
      sent.ended += 1;
      resolve();
    });
    asked.end(body);
  });
}

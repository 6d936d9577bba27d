import { setTimeout as sleep } from 'node:timers/promises';
import { checkHistory, NO_FAULTS, ownSystem, patient, readMessages } from '#caas/testing';
import { commandsInTurn } from '../support/command-line';

/*
 * Messages are archived as soon as they are sent, while two processes send into the same rooms and one of them is stopped again and
 * again for longer than it may believe what it knows (ADR 27): a number that is in cold storage is not given once more, and neither is
 * a name. `SEND_ARCHIVE_SECONDS` says for how long.
 */

const { SEND_ARCHIVE_SECONDS = '8' } = process.env;
const TRUST_MS = 400;
const ROOMS = 3;
const SENDERS = 3;
/** Of all sends, one in so many is sent once more later, as a client does that got no answer. */
const AGAIN_EVERY = 5;
const ENVIRONMENT = { ARCHIVE_TRUST: `${TRUST_MS}ms`, ARCHIVE_AFTER_DAYS: '0' };

const system = ownSystem({ logLevel: 'fatal', apps: ['api', 'api'], environment: ENVIRONMENT });
const caas = commandsInTurn(system, ENVIRONMENT);

it(
  'Whatever is archived meanwhile, no number and no name is given twice, and nothing that was acknowledged is lost',
  async () => {
    const tenant = await system.tenant('pro');
    await tenant.users('anna', 'ben');
    await tenant.setLimits();
    const rooms = await Promise.all(Array.from({ length: ROOMS }, () => tenant.room('anna', ['ben'])));
    const until = performance.now() + patient(Number(SEND_ARCHIVE_SECONDS) * 1000);
    const isOver = () => performance.now() > until;
    let archived = 0;
    let stops = 0;

    const sending = rooms.flatMap((room, at) =>
      Array.from({ length: SENDERS * 2 }, async (_, sender) => {
        const api = sender % 2;
        for (let n = 0; !isOver(); n += 1) {
          const client_message_id = `${at}-${sender}-${n}`;
          await tenant.send('anna', room, { client_message_id }, api).catch(() => null);
          if (n % AGAIN_EVERY === 0) {
            const fields = { client_message_id, text: 'once more' };
            // With another body it is refused, and with the same it would be answered; stored it must not be.
            await tenant
              .acting('anna', 1 - api)
              .post(`${room.path}/messages`, fields)
              .catch(() => null);
          }
        }
      }),
    );
    const archiving = (async () => {
      while (!isOver()) {
        const { found } = await caas(['archive', 'run', '--tenant', tenant.id, '--after-days', '0']);
        archived += (found as { messages: number } | null)?.messages ?? 0;
      }
    })();
    const stopping = (async () => {
      while (!isOver()) {
        await sleep(200 + Math.random() * 2 * TRUST_MS);
        process.kill(system.pids[1]!, 'SIGSTOP');
        await sleep(3 * TRUST_MS);
        process.kill(system.pids[1]!, 'SIGCONT');
        stops += 1;
      }
    })();
    await Promise.all([...sending, archiving, stopping]);

    const read = tenant.acting('ben').read;
    const stored = (await Promise.all(rooms.map(({ id }) => readMessages(read, id)))).flat();
    expect(checkHistory(tenant.history.acknowledged, stored)).toEqual(NO_FAULTS);
    const { found } = await caas(['archive', 'verify', '--tenant', tenant.id]);
    expect(found).toMatchObject({ problems: [] });
    expect(archived).toBeGreaterThan(0);
    expect(stops).toBeGreaterThan(2);
  },
  // Each run of the archiver makes a segment: to read and to verify all of them takes longer than to make them.
  patient(Number(SEND_ARCHIVE_SECONDS) * 5_000 + 90_000),
);

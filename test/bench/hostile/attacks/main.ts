/** An attacker, a process of its own at the lowest priority: it stands for another machine. */
import { setPriority } from 'node:os';
import { Sent, type Attack, type Order } from './attack';
import { bodies, fields, guesses, words } from './requests';
import { attempts, packets, pingsRead, pingsUnread, pongs } from './sockets';

const LOWEST_PRIORITY = 19;

const ATTACKS: Record<string, Attack> = {
  attempts,
  bodies,
  fields,
  guesses,
  packets,
  'pings-read': pingsRead,
  'pings-unread': pingsUnread,
  pongs,
  words,
};

setPriority(LOWEST_PRIORITY);
process.once('disconnect', () => process.exit(0));
process.once('message', ({ kind, target, seconds }: Order) => {
  const sent = new Sent();
  const attack = ATTACKS[kind];
  if (!attack) throw new Error(`There is no attack ${kind}`);
  void attack(target, performance.now() + seconds * 1000, sent).then(
    () => process.send!(sent, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

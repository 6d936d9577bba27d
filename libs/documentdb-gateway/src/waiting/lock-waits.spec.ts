import { setTimeout as sleep } from 'node:timers/promises';
import { MongoError } from '../errors/mongo-error';
import { Interrupt } from './interrupt';
import { LockWaits } from './lock-waits';

const met = () => Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
const gone = MongoError.of('Interrupted', 'the client is gone');
const key = (name: string) => () => name;

/** A lock that somebody has until it is freed. */
class Lock {
  private taken = true;
  tries = 0;
  readonly log: string[] = [];

  constructor(private readonly waits: LockWaits) {}

  free(): void {
    this.taken = false;
    this.waits.released();
  }

  wantedBy = (name: string) => () => {
    this.tries += 1;
    if (this.taken) return Promise.reject(met());
    this.log.push(name);
    return Promise.resolve(name);
  };
}

describe('LockWaits', () => {
  it('answers at once what meets nobody, and fails with what is no conflict', async () => {
    const waits = new LockWaits(1);
    expect(await waits.run(key('a'), new Interrupt(), () => Promise.resolve(1))).toBe(1);
    const wrong = new Error('wrong');
    await expect(waits.run(key('a'), new Interrupt(), () => Promise.reject(wrong))).rejects.toBe(wrong);
    expect(waits.waiting).toBe(0);
  });

  it('lets those that want the same wait in turn, and wakes them when locks are freed', async () => {
    const waits = new LockWaits(1);
    const lock = new Lock(waits);
    const all = ['first', 'second', 'third'].map((name) => waits.run(key('a'), new Interrupt(), lock.wantedBy(name)));
    await sleep(20);
    expect(waits.waiting).toBe(3);
    lock.free();
    expect(await Promise.all(all)).toEqual(['first', 'second', 'third']);
    expect(lock.log).toEqual(['first', 'second', 'third']);
    expect(waits.waiting).toBe(0);
  });

  it('tries itself as well: another gateway may have the lock', async () => {
    const waits = new LockWaits(1);
    let tries = 0;
    const third = () => ((tries += 1) < 3 ? Promise.reject(met()) : Promise.resolve('mine'));
    expect(await waits.run(key('a'), new Interrupt(), third)).toBe('mine');
  });

  it('ends the wait of who is interrupted, and lets the next go on', async () => {
    const waits = new LockWaits(1);
    const lock = new Lock(waits);
    const [first, second] = [new Interrupt(), new Interrupt()];
    const runs = [
      waits.run(key('a'), first, lock.wantedBy('first')),
      waits.run(key('a'), second, lock.wantedBy('second')),
      waits.run(key('a'), new Interrupt(), lock.wantedBy('third')),
    ];
    const outcomes = Promise.allSettled(runs);
    await sleep(5);
    second.raise(gone);
    first.raise(gone);
    lock.free();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    await expect(runs[0]).rejects.toBe(gone);
    expect(waits.waiting).toBe(0);
  });

  it('lets only some try at a time', async () => {
    const waits = new LockWaits(2);
    let [trying, most] = [0, 0];
    const slow = (met_: { before: boolean }) => async () => {
      trying += met_.before ? 1 : 0;
      most = Math.max(most, trying);
      await sleep(5);
      trying -= met_.before ? 1 : 0;
      if (met_.before) return;
      met_.before = true;
      throw met();
    };
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => waits.run(key(`${n}`), new Interrupt(), slow({ before: false }))),
    );
    expect(most).toBe(2);
  });

  it('takes an error of the catalogue for a race a few times only', async () => {
    const waits = new LockWaits(1);
    let tries = 0;
    const broken = Object.assign(new Error('cache lookup failed for relation 1'), { code: 'XX000' });
    const attempt = () => {
      tries += 1;
      return Promise.reject(broken);
    };
    await expect(waits.run(key('a'), new Interrupt(), attempt)).rejects.toBe(broken);
    expect(tries).toBe(11);
  });
});

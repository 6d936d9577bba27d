import { MongoError } from '../errors/mongo-error';
import { Interrupt } from './interrupt';
import { Semaphore } from './semaphore';

const gone = MongoError.of('Interrupted', 'the client is gone');

describe('Semaphore', () => {
  it('lets so many in, and the others in their order when one leaves', async () => {
    const semaphore = new Semaphore(2);
    const log: number[] = [];
    const all = [1, 2, 3, 4].map((n) => semaphore.acquire().then(() => log.push(n)));
    await new Promise(setImmediate);
    expect(log).toEqual([1, 2]);
    expect([semaphore.holders, semaphore.waiting]).toEqual([2, 2]);
    semaphore.release();
    semaphore.release();
    await Promise.all(all);
    expect(log).toEqual([1, 2, 3, 4]);
    semaphore.release();
    semaphore.release();
    expect([semaphore.holders, semaphore.waiting]).toEqual([0, 0]);
  });

  it('takes who is interrupted out of the line, and an interrupt after that changes nothing', async () => {
    const semaphore = new Semaphore(1);
    await semaphore.acquire();
    const interrupt = new Interrupt();
    const waiting = semaphore.acquire(interrupt);
    const next = new Interrupt();
    const after = semaphore.acquire(next);
    interrupt.raise(gone);
    await expect(waiting).rejects.toBe(gone);
    semaphore.release();
    next.raise(gone);
    await after;
    expect([semaphore.holders, semaphore.waiting]).toEqual([1, 0]);
    await expect(semaphore.acquire(next)).rejects.toBe(gone);
  });

  it('counts what was taken beyond the limit, and lets nobody in before there is room again', async () => {
    const semaphore = new Semaphore(1);
    semaphore.acquireBeyond();
    semaphore.acquireBeyond();
    expect(semaphore.holders).toBe(2);
    semaphore.release();
    let isIn = false;
    const waiting = semaphore.acquire().then(() => (isIn = true));
    await new Promise(setImmediate);
    expect(isIn).toBe(false);
    semaphore.release();
    await waiting;
  });
});

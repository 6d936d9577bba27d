import { parseTenantId } from '#caas/kernel';
import { PendingJoins } from './pending-joins';
import { conversationRoom, userRoom } from './rooms';

const tenant = parseTenantId('clnt_abc123');
const [anna, ben] = ['a', 'b'].map((digit) => userRoom(tenant, digit.repeat(24))) as [never, never];
const rooms = ['1', '2'].map((digit) => conversationRoom(tenant, digit.repeat(24)));
const [first, second] = rooms as [never, never];

describe('PendingJoins', () => {
  it('keeps a socket out of what its user left while it was arriving, and no other user’s', () => {
    const arrivals = new PendingJoins();
    const [annas, bens] = [arrivals.begin(anna), arrivals.begin(ben)];
    arrivals.left(anna, first);
    expect(annas.stillOpen(rooms)).toEqual([second]);
    expect(bens.stillOpen(rooms)).toEqual(rooms);
  });

  it('lets in who joined again, and nobody into what was closed', () => {
    const arrivals = new PendingJoins();
    const annas = arrivals.begin(anna);
    arrivals.left(anna, first);
    arrivals.joined(anna, first);
    arrivals.closed(second);
    expect(annas.stillOpen(rooms)).toEqual([first]);
  });

  it('remembers nothing of what was before an arrival, and each of two by itself', () => {
    const arrivals = new PendingJoins();
    arrivals.left(anna, first);
    const one = arrivals.begin(anna);
    arrivals.left(anna, second);
    const other = arrivals.begin(anna);
    expect(one.stillOpen(rooms)).toEqual([first]);
    expect(other.stillOpen(rooms)).toEqual(rooms);
    one.end();
    arrivals.left(anna, first);
    expect(other.stillOpen(rooms)).toEqual([second]);
    other.end();
  });
});

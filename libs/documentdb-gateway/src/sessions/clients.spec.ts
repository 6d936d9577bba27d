import { Clients } from './clients';

describe('Clients', () => {
  it('are gone with the last of their connections', () => {
    const clients = new Clients();
    clients.greeted(1, 'a');
    clients.greeted(2, 'a');
    clients.greeted(3, 'b');
    expect(clients.closed(1)).toEqual([]);
    expect(clients.closed(3)).toEqual([3]);
    clients.greeted(4, 'a');
    expect(clients.closed(2)).toEqual([]);
    expect(clients.closed(4)).toEqual([1, 2, 4]);
  });

  it('that did not greet are their connection alone', () => expect(new Clients().closed(7)).toEqual([7]));
});

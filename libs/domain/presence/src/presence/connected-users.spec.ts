import { ObjectId } from 'bson';
import { parseTenantId } from '#caas/kernel';
import { GRACE_MS, ConnectedUsers } from './connected-users';

const user = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };
const socket = (id: string) => ({ id, tenantId: parseTenantId('clnt_abc123'), user });

describe('ConnectedUsers', () => {
  it('is due when a user comes, and no more once that is written', () => {
    const users = new ConnectedUsers();
    users.connected(socket('one'));
    const due = users.due(0, 10);
    expect(due).toEqual([{ user, isHere: true }]);
    users.written(due);
    users.connected(socket('two'));
    expect(users.hasDue(0)).toBe(false);
    expect(users.writtenCount).toBe(1);
  });

  it('is due some time after the last socket has gone, and then forgets the user', () => {
    const users = new ConnectedUsers();
    for (const id of ['one', 'two']) users.connected(socket(id));
    users.written(users.due(0, 10));
    users.disconnected(socket('one'), 0);
    expect(users.hasDue(GRACE_MS)).toBe(false);
    users.disconnected(socket('two'), 0);
    expect(users.hasDue(GRACE_MS - 1)).toBe(false);
    const due = users.due(GRACE_MS, 10);
    expect(due).toEqual([{ user, isHere: false }]);
    users.written(due);
    expect(users.isEmpty).toBe(true);
  });

  it('has nothing to say of who is back in time', () => {
    const users = new ConnectedUsers();
    users.connected(socket('one'));
    users.written(users.due(0, 10));
    users.disconnected(socket('one'), 0);
    users.connected(socket('two'));
    expect(users.hasDue(GRACE_MS * 2)).toBe(false);
  });

  it('is due again when a user comes or goes while the opposite is being written', () => {
    const users = new ConnectedUsers();
    users.connected(socket('one'));
    const coming = users.due(0, 10);
    users.disconnected(socket('one'), 0);
    users.written(coming);
    const going = users.due(GRACE_MS, 10);
    expect(going).toEqual([{ user, isHere: false }]);
    users.connected(socket('two'));
    users.written(going);
    expect(users.due(GRACE_MS, 10)).toEqual([{ user, isHere: true }]);
  });

  it('writes everybody again when rows were taken for lost', () => {
    const users = new ConnectedUsers();
    users.connected(socket('one'));
    users.written(users.due(0, 10));
    users.writeAgain();
    expect(users.due(0, 10)).toEqual([{ user, isHere: true }]);
  });
});

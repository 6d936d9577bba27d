import { relationshipSelectionOf, userSelectionOf } from './selections';

describe('userSelectionOf', () => {
  it('reads what the list of users takes', () => {
    expect(userSelectionOf({ status: 'active', external_ids: 'anna,ben', name: 'An' })).toEqual({
      status: 'active',
      externalIds: ['anna', 'ben'],
      namePrefix: 'An',
    });
    expect(userSelectionOf({})).toEqual({});
  });

  it.each([
    { status: 'deleted' },
    { status: '' },
    { external_ids: '' },
    { external_ids: 'anna,' },
    { external_ids: 'me' },
    { external_ids: Array.from({ length: 101 }, (_, n) => `u${n}`).join() },
    { name: '' },
    { name: 'x'.repeat(257) },
  ])('refuses %j', (query) => expect(() => userSelectionOf(query)).toThrow('The parameter'));
});

describe('relationshipSelectionOf', () => {
  it('reads type and status, and refuses others', () => {
    expect(relationshipSelectionOf({ type: 'friend', status: 'pending' })).toEqual({
      type: 'friend',
      status: 'pending',
    });
    expect(relationshipSelectionOf({})).toEqual({});
    expect(() => relationshipSelectionOf({ type: 'enemy' })).toThrow('friend, block, mute');
  });
});

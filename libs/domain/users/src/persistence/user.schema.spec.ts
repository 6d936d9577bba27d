import { nameKeyOf, profileVersionOf } from './user.schema';

describe('profileVersionOf', () => {
  it('does not count the updates that only noted that the user was there', () => {
    expect(profileVersionOf({ __v: 0, quiet_updates: 0 })).toBe(0);
    expect(profileVersionOf({ __v: 7, quiet_updates: 5 })).toBe(2);
  });
});

describe('nameKeyOf', () => {
  it('folds letter case and compatibility forms', () => {
    expect(nameKeyOf('ＡＮＮＡ Ärger')).toBe(nameKeyOf('anna A\u0308rger'));
  });
});

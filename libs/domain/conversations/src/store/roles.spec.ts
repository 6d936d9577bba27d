import { isAdmin, isModerator, isOwner, mayGrant, mayRemove, ROLES, type Role, type EffectiveRole } from './roles';

const effectiveRoles: EffectiveRole[] = ['server', ...ROLES];
/** Every pair for which `may` holds, as `actor>target`. */
const pairs = (may: (effectiveRole: EffectiveRole, target: Role) => boolean) =>
  effectiveRoles.flatMap((effectiveRole) =>
    ROLES.filter((target) => may(effectiveRole, target)).map((target) => `${effectiveRole}>${target}`),
  );

describe('roles', () => {
  it('are in an order', () => {
    expect(effectiveRoles.filter(isModerator)).toEqual(['server', 'owner', 'admin', 'moderator']);
    expect(effectiveRoles.filter(isAdmin)).toEqual(['server', 'owner', 'admin']);
    expect(effectiveRoles.filter(isOwner)).toEqual(['server', 'owner']);
  });

  it('let admins and the owner remove those below them, and nobody else anybody', () => {
    expect(pairs(mayRemove)).toEqual([
      'server>owner',
      'server>admin',
      'server>moderator',
      'server>member',
      'owner>admin',
      'owner>moderator',
      'owner>member',
      'admin>moderator',
      'admin>member',
    ]);
  });

  it.each([
    ['owner', ['server>admin', 'server>moderator', 'server>member', 'owner>admin', 'owner>moderator', 'owner>member']],
    ['admin', ['server>admin', 'server>moderator', 'server>member', 'owner>admin', 'owner>moderator', 'owner>member']],
    [
      'moderator',
      [
        ...['server>admin', 'server>moderator', 'server>member', 'owner>admin', 'owner>moderator', 'owner>member'],
        ...['admin>moderator', 'admin>member'],
      ],
    ],
    [
      'member',
      [
        ...['server>admin', 'server>moderator', 'server>member', 'owner>admin', 'owner>moderator', 'owner>member'],
        ...['admin>moderator', 'admin>member'],
      ],
    ],
  ] as const)('who gives the role %s to whom below the owner', (role, expected) => {
    const granted = pairs((effectiveRole, target) => target !== 'owner' && mayGrant(effectiveRole, target, role));
    expect(granted).toEqual([...expected]);
  });

  it.each(ROLES)('nobody but the server takes ownership from the owner: %s', (role) => {
    const asked = effectiveRoles.filter((effectiveRole) => mayGrant(effectiveRole, 'owner', role));
    expect(asked).toEqual(role === 'owner' ? ['server', 'owner'] : ['server']);
  });

  it.each([
    ['owner', ['server', 'owner']],
    ['admin', ['server', 'owner']],
    ['moderator', ['server', 'owner', 'admin']],
    ['member', ['server', 'owner', 'admin']],
  ] as const)('who takes somebody in as %s', (role, expected) => {
    expect(effectiveRoles.filter((effectiveRole) => mayGrant(effectiveRole, null, role))).toEqual([...expected]);
  });
});

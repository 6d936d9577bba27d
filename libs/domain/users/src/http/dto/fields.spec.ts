import 'reflect-metadata';
import { CaasError } from '#caas/kernel';
import { problemsOfJson, readDto } from '#caas/platform/http';
import { DeviceDto } from './device.dto';
import { ProfileDto } from './profile.dto';
import { RelationshipDto } from './relationship.dto';
import { TokenDto } from './token.dto';

/** The names of the fields that are refused. */
const refused = (dto: new () => object, body: unknown) => refusedText(dto, JSON.stringify(body));

function refusedText(dto: new () => object, text: string): string[] {
  try {
    problemsOfJson(text).throwIfAny();
    readDto(dto, JSON.parse(text));
    return [];
  } catch (error) {
    const names = (error as CaasError).fields.map(({ field }) => field.split('.', 1)[0]!);
    return [...new Set(names)].sort();
  }
}

describe('ProfileDto', () => {
  it.each([
    {},
    { display_name: 'A' },
    { display_name: '😀'.repeat(256) },
    { display_name: '\u2067עברית\u2069 and 👩‍👩‍👧' },
    { avatar_file_id: null },
    { avatar_file_id: 'a'.repeat(24) },
    { metadata: {} },
    { metadata: { 'a.b': [1, { c: null }], ä: 'ß' } },
    { metadata: { x: 'y'.repeat(8 * 1024 - 8) } },
    { status: 'deactivated' },
  ])('takes %j', (body) => expect(refused(ProfileDto, body)).toEqual([]));

  it.each([
    [{ display_name: '' }],
    [{ display_name: null }],
    [{ display_name: 'a'.repeat(257) }],
    [{ display_name: '😀'.repeat(257) }],
    [{ display_name: 'a'.repeat(1_000_000) }],
    [{ display_name: 'a\0b' }],
    [{ display_name: 'a\ud800' }],
    [{ display_name: 'tab\tor\nline' }],
    [{ display_name: ' \u200b\u3164' }],
    [{ display_name: 'turned \u202e' }],
    [{ display_name: { $ne: '' } }],
    [{ display_name: ['a'] }],
    [{ display_name: 7 }],
  ])('refuses the name in %j', (body) => expect(refused(ProfileDto, body)).toEqual(['display_name']));

  it.each([
    [null],
    [[]],
    ['text'],
    [{ $where: '1' }],
    [{ a: [{ b: { $gt: '' } }] }],
    [{ 'a\0': 1 }],
    [{ x: 'y'.repeat(8 * 1024) }],
    [JSON.parse('{"a":{"__proto__":{"admin":true}}}')],
    [JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40))],
  ])('refuses the metadata %j', (metadata) => expect(refused(ProfileDto, { metadata })).toEqual(['metadata']));

  it('refuses numbers in metadata that no double can hold', () =>
    expect(refusedText(ProfileDto, '{"metadata":{"a":1e400}}')).toEqual(['metadata']));

  it('keeps metadata as they came', () => {
    const metadata: unknown = JSON.parse('{"constructor":{"prototype":[1]},"prototype":1,"b":null}');
    expect(readDto(ProfileDto, { metadata }).metadata).toEqual(metadata);
  });

  it('refuses what it does not know, and every other wrong type', () => {
    const body = { avatar_file_id: { gt: '' }, status: 'admin', tenant_id: 'clnt_other1', external_id: 'x' };
    expect(refused(ProfileDto, body)).toEqual(['avatar_file_id', 'external_id', 'status', 'tenant_id']);
  });
});

describe('TokenDto', () => {
  it.each([{}, { expires_in: 1 }, { expires_in: 86_400 }, { session: false }, { session: {} }])('takes %j', (body) =>
    expect(refused(TokenDto, body)).toEqual([]),
  );
  it.each([0, -1, 86_401, 1.5, '60', null, NaN, Infinity])('refuses to expire in %j', (expires_in) =>
    expect(refused(TokenDto, { expires_in })).toEqual(['expires_in']),
  );
  it.each([
    true,
    'x',
    null,
    [],
    { id: 'x' },
    { device_id: 'a b' },
    { platform: 'toaster' },
    { name: '' },
    { name: '\u2060' },
    { sid: 'x' },
  ])('refuses the session %j', (session) => expect(refused(TokenDto, { session })).toEqual(['session']));
});

describe('DeviceDto and RelationshipDto', () => {
  it('take what the contract names', () => {
    expect(refused(DeviceDto, { platform: 'ios', push_token: 'x', name: null })).toEqual([]);
    expect(refused(RelationshipDto, { type: 'friend' })).toEqual([]);
  });
  it('refuse the rest', () => {
    expect(refused(DeviceDto, {})).toEqual(['platform']);
    expect(refused(DeviceDto, { platform: 'ios', push_token: '', name: '\u00ad' })).toEqual(['name', 'push_token']);
    expect(refused(DeviceDto, { platform: 'ios', push_token: '', name: 'x'.repeat(129) })).toEqual([
      'name',
      'push_token',
    ]);
    expect(refused(RelationshipDto, { type: { $ne: 'block' } })).toEqual(['type']);
    expect(refused(RelationshipDto, { type: 'friend', status: 'accepted' })).toEqual(['status']);
  });
});

import { makeLogger } from './log';

describe('the log', () => {
  it('writes no secret', () => {
    const lines: string[] = [];
    const log = makeLogger('info', { write: (line) => void lines.push(line) });
    log.info(
      {
        authorization: 'Bearer hush',
        body: { token: 'hush', server_key: { id: 'a', key: 'hush' } },
        tenant_id: 'clnt_abc123',
      },
      'seen',
    );
    expect(lines.join()).not.toContain('hush');
    expect(JSON.parse(lines[0]!)).toMatchObject({ msg: 'seen', tenant_id: 'clnt_abc123', authorization: '[secret]' });
  });
});

import { UnrecoverableError } from 'bullmq';
import { parseTenantId } from '#caas/kernel';
import { refreshReferences } from '#caas/contracts';
import { decodeJob, encodeJob } from './job-data';

const meta = { tenantId: parseTenantId('clnt_abc123'), requestId: 'req_1' };
const payload = { user_id: '0123456789abcdef01234567' };
const data = encodeJob(refreshReferences, payload, meta);

describe('job data', () => {
  it('survives the way through Redis', () => {
    const back = decodeJob(refreshReferences, JSON.parse(JSON.stringify(data)));
    expect(back).toEqual({ payload, meta: { ...meta, outboxId: undefined } });
  });

  it('is checked before it is queued', () => {
    expect(() => encodeJob(refreshReferences, { user_id: 'x' }, meta)).toThrow();
  });

  it.each([
    ['no tenant', { ...data, tenant_id: undefined }],
    ['a made-up tenant', { ...data, tenant_id: 'clnt_$' }],
    ['a list of tenants', { ...data, tenant_id: ['clnt_abc123'] }],
    ['another version', { ...data, v: 2 }],
    ['no request id', { ...data, request_id: 7 }],
    ['a malformed id', { ...data, user_id: { $ne: null } }],
    ['a field too many', { ...data, extra: 1 }],
    ['a forged outbox row', { ...data, outbox_id: { $gt: '' } }],
    ['nothing', null],
  ])('is refused for good with %s', (_what, forged) => {
    expect(() => decodeJob(refreshReferences, forged)).toThrow(UnrecoverableError);
  });
});

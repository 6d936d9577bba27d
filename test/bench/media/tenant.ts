import type { Bench } from './bench';

/** Credentials of a user of a new tenant that may upload large files. */
export async function newUploader(url: string, { platformKey }: Bench): Promise<Record<string, string>> {
  const call = async <T>(method: string, path: string, headers: Record<string, string>, body: object): Promise<T> => {
    const init = { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, init);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const operator = { authorization: `Bearer ${platformKey}` };
  const tenant = { name: 'Bench', tier: 'pro' };
  const made = await call<{ server_key: { key: string } }>('POST', '/platform/v1/tenants', operator, tenant);
  const server = { authorization: `Bearer ${made.server_key.key}` };
  await call('PUT', '/v1/users/uploader', server, {});
  return { ...server, 'x-acting-user': 'uploader' };
}

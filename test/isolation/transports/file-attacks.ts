import { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { fileReferences } from '#caas/domain/media/testing';
import { files, mediaMetadata } from '#caas/domain/media';
import type { TenantSession } from '#caas/testing';
import type { Inside } from '../../support/inside';
import { makeReady, storedFile } from '../../support/stored-files';
import { CANARY, NEXT_WEEK, type World } from './world';

const NOTHING = 'f'.repeat(24);

/** Uses a file of B, whoever of B owns it, in every way that A has; and one that is not there. Nothing is held afterwards. */
export async function attackFilesOfB(world: World, inside: Inside): Promise<void> {
  const [ofA, ofB] = [await inside.context(world.a.id), await inside.context(world.b.id)];
  for (const owner of [await annaOf(world.a), await annaOf(world.b), null]) {
    const { _id } = await storedFile(ofB, owner, { name: CANARY });
    const content = await makeReady(ofB, [_id]);
    const [toB, toNothing] = [await answersTo(world, _id.toHexString()), await answersTo(world, NOTHING)];
    expect(toB).toBe(toNothing);
    expect(toB).not.toContain(CANARY);
    expect(await ofB.repository(files).findById(_id)).toMatchObject({ reference_count: 0 });
    for (const ctx of [ofA, ofB]) expect(await ctx.repository(fileReferences).count({})).toBe(0);
    await removed(ofB, _id, content._id);
  }
}

async function answersTo(world: World, file_id: string): Promise<string> {
  const anna = world.a.acting('anna', 1);
  const token = await world.a.token('anna', { session: false });
  const own = world.a.withToken(token);
  const live = await world.a.connect(token);
  const { conversation, message } = world.idsOfA;
  const attachments = [{ file_id }];
  const body = { client_message_id: 'theirs', attachments };
  const path = `/v1/conversations/${conversation}`;
  const answers = [
    await own.post(`${path}/messages`, body),
    await anna.post(`${path}/messages`, body),
    await own.post(`${path}/scheduled-messages`, { attachments, send_at: NEXT_WEEK }),
    await own.patch(`/v1/messages/${message}`, { attachments }),
    await own.patch('/v1/users/me', { avatar_file_id: file_id }),
    await world.a.server().put('/v1/users/anna', { avatar_file_id: file_id }),
    await world.a.server().put('/v1/users/new-here', { avatar_file_id: file_id }),
  ].map(({ status, body: { code, detail, errors } }) => ({ status, code, detail, errors }));
  for (const answer of answers) expect(answer).toMatchObject({ status: 400, code: 'invalid_file' });
  const sent = await live.send('message.send', { conversation_id: conversation, ...body });
  expect(sent).toMatchObject({ ok: false, error: { code: 'invalid_file' } });
  live.socket.disconnect();
  return JSON.stringify([answers, sent.error.detail, sent.error.errors]).replaceAll(file_id, '<file>');
}

async function annaOf(tenant: TenantSession) {
  const { id } = (await tenant.server().get('/v1/users/anna')).body;
  return { user_id: new ObjectId(id as string), user_external_id: 'anna', user_display_name: 'anna' };
}

async function removed(ctx: RequestContext, id: ObjectId, mediaId: ObjectId): Promise<void> {
  await ctx.repository(files).deleteOne({ _id: id });
  await ctx.repository(mediaMetadata).deleteOne({ _id: mediaId });
}

/** A kind with one text, which is moderated, searched and shown in the inbox. */
import { camel, oneOf, oneOfSentence, pascal, snake, words } from '../names';

export const content = (name: string) => `
/** ${oneOfSentence(name)} as its message keeps it. */
export interface ${pascal(name)} {
  text: string;
}
`;

export const contentField = (name: string) => `
  @Prop({ type: Object, default: null })
  ${snake(name)}: ${pascal(name)} | null;`;

export const dto = (name: string) => `
import { ApiProperty } from '@nestjs/swagger';
import { IsDisplayedText } from '#caas/platform/http';

const MAX_TEXT = 300;

export class ${pascal(name)}Dto {
  @ApiProperty({ minLength: 1, maxLength: MAX_TEXT })
  @IsDisplayedText({ max: MAX_TEXT })
  text: string;
}
`;

export const dtoField = (name: string) => `
  @ApiPropertyOptional({ type: ${pascal(name)}Dto, description: 'with the type "${snake(name)}", and only then' })
  @MayBeAbsent()
  @Nested(() => ${pascal(name)}Dto)
  ${snake(name)}?: ${pascal(name)}Dto;`;

export const kind = (name: string) => `
import type { ${pascal(name)} } from '../store/${name}-content';
import { MessageKind } from './message-kind';
import type { ${pascal(name)}Dto } from './${name}.dto';

/** ${oneOfSentence(name)}: one text, which is moderated and searched. */
export class ${pascal(name)}Kind extends MessageKind<'${snake(name)}', ${pascal(name)}Dto> {
  override readonly type = '${snake(name)}';

  override prepare({ text }: ${pascal(name)}Dto): ${pascal(name)} {
    return { text };
  }

  override view({ text }: ${pascal(name)}) {
    return { text };
  }

  override texts({ text }: ${pascal(name)}): string[] {
    return [text];
  }

  override withTexts(_content: ${pascal(name)}, [text]: string[]): ${pascal(name)} {
    return { text: text! };
  }
}
`;

export const kindSpec = (name: string) => `
import { preparedContent, textsOf, viewOfContent, withTexts } from './message-kinds';

const now = new Date('2030-01-01T00:00:00Z');
const ${snake(name)} = { text: 'words' };
const given = { type: '${snake(name)}', ${snake(name)} };

describe('${oneOfSentence(name)}', () => {
  it('is stored and shown as it was given', () => {
    const made = preparedContent(given, now);
    expect(made.${snake(name)}).toEqual(${snake(name)});
    expect(viewOfContent(made).${snake(name)}).toEqual(${snake(name)});
  });

  it('has words, which moderation can mask', () => {
    expect(textsOf({ text: 'beside', ${snake(name)} })).toEqual(['beside', 'words']);
    expect(withTexts({ ${snake(name)} }, ['*****'])).toEqual({ ${snake(name)}: { text: '*****' } });
  });

  it.each([
    [{ type: '${snake(name)}' }, '${snake(name)}'],
    [{ type: 'text', ${snake(name)} }, 'type'],
    [{ ...given, encrypted: 'AAAA' }, 'encrypted'],
  ])('refuses %j', (body, field) =>
    expect(() => preparedContent(body, now)).toThrow(
      expect.objectContaining({ code: 'invalid_${snake(name)}', fields: [expect.objectContaining({ field })] }),
    ),
  );
});
`;

export const contract = (name: string) => `const ${camel(name)}Content = open({ text: z.string() });`;

export const suite = (name: string) => `
import { sharedSystem, TIERS, waitFor, type Room } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('Messages of the kind ${words(name)} on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');
  const ben = tenant.as('ben');
  let room: Room;
  beforeAll(async () => void (room = await tenant.room('anna', ['ben'])));

  const post = (fields: object) => tenant.send('anna', room, { text: undefined, ...fields });
  const ${snake(name)} = { text: 'umbrella' };

  it('are alike in answers, events and the inbox', async () => {
    const bens = await tenant.socket('ben', 1);
    const made = await post({ type: '${snake(name)}', ${snake(name)} });
    expect(made).toMatchObject({ status: 201, body: { type: '${snake(name)}', text: null, ${snake(name)} } });
    const { id } = made.body as { id: string };
    expect((await ben.get(\`/v1/messages/\${id}\`)).body.${snake(name)}).toEqual(${snake(name)});
    await waitFor('the event', 5_000, () => bens.of('message.created').length > 0);
    expect(bens.of('message.created')[0]!.data).toMatchObject({ id, ${snake(name)} });
    const inbox = async () => (await ben.get(room.path)).body.last_message as { id: string } | null;
    await waitFor('the inbox', 5_000, async () => (await inbox())?.id === id);
    expect(await inbox()).toMatchObject({ type: '${snake(name)}', text: 'umbrella' });
  });

  it('are found by their words', async () => {
    const { body } = await post({ type: '${snake(name)}', ${snake(name)}: { text: 'periscope' } });
    const found = async () => (await ben.get('/v1/search/messages?q=periscope')).body.data as { id: string }[];
    await waitFor('the search', 10_000, async () => (await found()).some(({ id }) => id === body.id));
  });

  it('are refused without ${oneOf(name)}, naming the field', async () => {
    expect(await post({ type: '${snake(name)}' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_${snake(name)}', errors: [{ field: '${snake(name)}' }] },
    });
    expect((await post({ type: '${snake(name)}', ${snake(name)}: { text: '' } })).status).toBe(400);
  });
});
`;

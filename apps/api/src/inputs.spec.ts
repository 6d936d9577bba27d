/**
 * What holds for every DTO there is: class-validator knows them all once the application is loaded, so a new one is looked at without
 * a line here.
 */
import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { CaasError } from '#caas/kernel';
import { readDto } from '#caas/platform/http';
import { LINEAR_GROWTH, timeGrowth } from '#caas/testing';
import { AppModule } from './app.module';

interface Field {
  dto: Type<object>;
  name: string;
  /** Names of the rules that it is checked by. */
  rules: string[];
}

expect(AppModule).toBeDefined();

const storage = getMetadataStorage();
const dtos = [
  ...(storage as unknown as { validationMetadatas: Map<Type<object>, unknown> }).validationMetadatas.keys(),
];
const fields: Field[] = dtos.flatMap((dto) => {
  const metadata = storage.getTargetValidationMetadatas(dto, '', true, false);
  return Object.entries(storage.groupByPropertyName(metadata)).map(([name, all]) => ({
    dto,
    name,
    rules: all.map(({ name, type }) => name ?? type),
  }));
});

/** `SendMessageDto.text` and the like. */
const nameOf = ({ dto, name }: Field): string => `${dto.name}.${name}`;
const named = (some: Field[]): string[] => some.map(nameOf).sort();
/** As the documentation has it. */
const documented = ({ dto, name }: Field): { format?: string } | undefined =>
  Reflect.getMetadata('swagger/apiModelProperties', dto.prototype, name) as { format?: string } | undefined;

/** What a rule of ours says of a field; class-validator's own for texts and lists look at all of a value before they look at its size. */
const DECIDED = [
  'isDisplayed',
  'isOpaque',
  'isInstant',
  'isIn',
  'matches',
  'isInt',
  'isBoolean',
  'isList',
  'nested',
  'isMetadata',
  'isPublicKey',
  'isPositions',
  // Read and checked by PageQuery.
  'whitelistValidation',
];

describe('Every DTO', () => {
  it('is known here', () => {
    expect(dtos.length).toBeGreaterThan(40);
    const some = ['SendMessageDto.text', 'CreateTenantDto.name', 'PollOptionDto.text', 'QuotasDto.users'];
    expect(named(fields)).toEqual(expect.arrayContaining(some));
  });

  it('takes times as RFC 3339 has them', () => {
    const isTime = (field: Field) =>
      documented(field)?.format === 'date-time' ||
      /(^|_)(at|until|since|before|after|from|to|date|time)$/.test(field.name);
    const times = fields.filter(isTime);
    const some = ['PollDto.closes_at', 'PreferencesDto.muted_until', 'ScheduleMessageDto.send_at'];
    expect(named(times)).toEqual(expect.arrayContaining(some));
    expect(named(times.filter(({ rules }) => !rules.includes('isInstant')))).toEqual([]);
  });

  it('says of every text whether others are shown it', () => {
    expect(named(fields.filter(({ rules }) => !rules.some((rule) => DECIDED.includes(rule))))).toEqual([]);
    const isShown = (field: Field) =>
      /(^|_)(name|text|title|topic|question|description|detail|note|reason|label|caption|about)$/.test(field.name);
    const shown = fields.filter((field) => isShown(field) && !field.rules.includes('isIn'));
    expect(named(shown)).toEqual(expect.arrayContaining(['DeviceDto.name', 'BanDto.reason', 'DecisionDto.note']));
    expect(named(shown.filter(({ rules }) => !rules.includes('isDisplayed')))).toEqual([]);
  });
});

/** For a length, a value of about as many characters of JSON. */
type Hostile = (length: number) => unknown;

const text =
  (unit: string): Hostile =>
  (length) =>
    unit.repeat(length / unit.length);
const list =
  (entry: (n: number) => unknown): Hostile =>
  (length) =>
    Array.from({ length: length / 8 }, (_, n) => entry(n));
const HOSTILE: Record<string, Hostile> = {
  'a long text': text('a'),
  'a text of base64': text('AAAA'),
  'a text of marks': text('\u05b1\u05b0'),
  'a text of emoji': text('👩‍👩‍👧'),
  'a text of nothing that is seen': text(' \u202a\u2066'),
  'a list of texts': list((n) => `t${n}`),
  'a list of objects': list((n) => ({ text: `t${n}`, file_id: `${n}` })),
  'a list of lists': list((n) => [n]),
  // Of so many that the engine keeps them in a hash table, and so few that the table stays in the processor's cache.
  'an object of many fields': (length) =>
    Object.fromEntries(Array.from({ length: length / 32 }, (_, n) => [`f${n}`.padEnd(24, '-'), n])),
};
const LENGTH = 64 * 1024;

describe('Checking a DTO', () => {
  const check = (dto: Type<object>, body: object) => {
    try {
      readDto(dto, body);
    } catch (error) {
      if (!(error instanceof CaasError)) throw error;
    }
  };
  /** Fields that a class has from another are checked there. */
  const own = (dto: Type<object>) =>
    storage
      .getTargetValidationMetadatas(dto, '', true, false)
      .filter(({ target }) => target === dto)
      .map(({ propertyName }) => propertyName);
  const checked = dtos.map((dto) => [dto.name, dto, [...new Set(own(dto))]] as const);

  it.each(checked)('%s takes time linear in what is sent', async (_, dto, names) => {
    const grown: Record<string, number> = {};
    for (const [what, valueOf] of Object.entries(HOSTILE)) {
      const [half, whole] = [LENGTH / 2, LENGTH].map((length) => {
        const body = Object.fromEntries(names.map((name) => [name, valueOf(length)]));
        return () => check(dto, body);
      });
      const growth = await timeGrowth(half!, whole!);
      if (growth > LINEAR_GROWTH) grown[what] = growth;
    }
    expect(grown).toEqual({});
  });
});

import 'reflect-metadata';
import { IsIn, IsInt, IsString, Length, Max, Min } from 'class-validator';
import type { CaasError } from '#caas/kernel';
import { MayBeAbsent, MayBeNull } from '../fields';
import { IsObjectList, IsTextList } from '../structured-fields';
import { Nested } from './dto-rules';
import { readDto } from './read-dto';

class Part {
  @IsString()
  @Length(1, 5)
  name: string;
}

class Thing {
  @IsString()
  @Length(1, 5)
  name: string;

  @MayBeAbsent()
  @IsTextList({ max: 3, maxLength: 1, pattern: /^\d$/, called: 'digits', unique: true })
  digits?: string[];

  @MayBeAbsent()
  @IsObjectList(() => Part, { max: 30 })
  parts?: Part[];

  @MayBeNull()
  @Nested(() => Part)
  part?: Part | null;

  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  count?: number;

  @MayBeAbsent()
  @IsIn(['a', 'b'])
  choice?: string;
}

class Child extends Thing {
  @IsString()
  more: string;
}

/** What is wrong, as `field message`. */
function problems(dto: new () => object, value: unknown): string[] {
  try {
    readDto(dto, value);
    return [];
  } catch (error) {
    return (error as CaasError).fields.map(({ field, message }) => `${field} ${message}`);
  }
}

describe('A DTO', () => {
  it('is what its class knows of a value, in the order that it came', () => {
    const value = { parts: [{ name: 'x' }], name: 'n', part: { name: 'y' }, count: 3 };
    const read = readDto(Thing, value);
    expect(read).toBeInstanceOf(Thing);
    expect(read.parts![0]).toBeInstanceOf(Part);
    expect(JSON.stringify(read)).toBe(JSON.stringify(value));
  });

  it('may lack what may be absent, and have null where that may be', () => {
    expect(problems(Thing, { name: 'n' })).toEqual([]);
    expect(problems(Thing, { name: 'n', part: null })).toEqual([]);
    expect(problems(Thing, { name: 'n', parts: null })).toEqual(['parts must be a list of 0 to 30 objects']);
  });

  it('has the fields of the class that it extends', () => {
    expect(problems(Child, { name: 'n', more: 'x' })).toEqual([]);
    expect(problems(Child, {})).toEqual(['more must be a string', 'name must be a string']);
  });

  it.each([null, [], 'x', 7, true])('is not read from %j', (value) =>
    expect(problems(Thing, value)).toEqual(['body must be a JSON object']),
  );

  it.each([
    [{ name: 7 }, ['name must be a string']],
    [{ name: 'too long' }, ['name must be shorter than or equal to 5 characters']],
    [{ name: 'n', choice: 'c' }, ['choice must be one of the following values: a, b']],
    [{ name: 'n', count: 2 ** 53 }, ['count must not be greater than 9007199254740991']],
    [{ name: 'n', count: 1.5 }, ['count must be an integer number']],
    [{ name: 'n', digits: ['1', '1'] }, ['digits must be a list without the same entry twice']],
    [{ name: 'n', digits: ['1', 'x'] }, ['digits must be a list of digits']],
    [{ name: 'n', digits: 'x' }, ['digits must be a list of 0 to 3 digits']],
    [{ name: 'n', part: [{ name: 'x' }] }, ['part must be an object']],
    [{ name: 'n', parts: [{ name: 'x' }, null, 7] }, ['parts.1 must be an object', 'parts.2 must be an object']],
    [{ name: 'n', parts: [[{ name: 'x' }]] }, ['parts.0 must be an object']],
    [{ name: 'n', parts: {} }, ['parts must be a list of 0 to 30 objects']],
    [{ name: 'n', parts: [{ name: 'x', y: 1 }] }, ['parts.0.y is not known here']],
    [{ name: 'n', constructor: 1, toString: 2 }, ['constructor is not known here', 'toString is not known here']],
  ])('says of %j what is wrong', (value, expected) => expect(problems(Thing, value)).toEqual(expected));

  it('looks at no entry of a list that is too long', () => {
    const parts = Array.from({ length: 31 }, () => ({
      get name() {
        throw new Error('was looked at');
      },
    }));
    expect(problems(Thing, { name: 'n', parts })).toEqual(['parts must be a list of 0 to 30 objects']);
  });

  it('tells at most twenty problems, with short names', () => {
    const parts = Array.from({ length: 30 }, () => ({ ['x'.repeat(1_000)]: 1 }));
    const told = problems(Thing, { name: 'n', parts });
    expect(told).toHaveLength(20);
    expect(told[0]).toBe(`parts.0.${'x'.repeat(64)} is not known here`);
  });
});

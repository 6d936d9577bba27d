import { ENGINE_CODES } from './engine-codes';
import { codeName, CODES, MongoError } from './mongo-error';
import { codeOfSqlState, fromPostgres, isConflict, isRolledBack } from './postgres-errors';

const failure = (code: string | undefined, message = 'said the engine') => Object.assign(new Error(message), { code });

describe('codeOfSqlState', () => {
  it.each([
    ['M0000', CODES.InternalError],
    ['M0001', CODES.BadValue],
    ['M0008', CODES.NamespaceNotFound],
    ['M000E', CODES.CursorNotFound],
    ['M001C', CODES.DuplicateKey],
    ['M00CO', CODES.DocumentValidationFailure],
    ['M00EX', CODES.MaxTimeMSExpired],
    ['M00F1', CODES.WriteConflict],
    ['23505', CODES.DuplicateKey],
    ['23P01', CODES.DuplicateKey],
    ['40001', CODES.WriteConflict],
    ['40P01', CODES.WriteConflict],
    ['55P03', CODES.WriteConflict],
    ['CG225', CODES.TransactionTooOld],
    ['22P02', CODES.BadValue],
    ['0A000', CODES.CommandNotSupported],
    ['54001', CODES.Overflow],
    ['53100', CODES.OutOfDiskSpace],
    ['XX000', CODES.InternalError],
  ])('maps %s to %d', (sqlState, code) => {
    expect(codeOfSqlState(sqlState)).toBe(code);
  });
});

describe('The engine’s own list', () => {
  const sqlStates = ENGINE_CODES.map((code, ordinal) => [
    `M${ordinal.toString(36).toUpperCase().padStart(4, '0')}`,
    code,
  ]);

  it('is known to its end, each error by MongoDB’s code', () => {
    expect(sqlStates.length).toBeGreaterThan(550);
    expect(sqlStates.map(([state]) => [state, codeOfSqlState(state as string)])).toEqual(sqlStates);
  });

  it('has MongoDB’s name for each code that has one there', () => {
    const unnamed = ENGINE_CODES.filter((code) => code < 10_000 && codeName(code).startsWith('Location'));
    // Of a hosted service only.
    expect(unnamed).toEqual([8000]);
    expect(codeName(40_324)).toBe('Location40324');
  });
});

describe('fromPostgres', () => {
  it('lets a conflict inside a transaction start over, and only there', () => {
    expect(fromPostgres(failure('40001'), true)).toMatchObject({ code: 112, labels: ['TransientTransactionError'] });
    expect(fromPostgres(failure('40001'), false)).toMatchObject({ code: 112, labels: [] });
  });

  it.each([failure('57P01'), failure('ECONNREFUSED'), failure(undefined, 'Connection terminated unexpectedly')])(
    'lets a lost engine be asked again: %s',
    (lost) => {
      expect(fromPostgres(lost, false)).toMatchObject({ code: CODES.HostUnreachable, labels: ['RetryableWriteError'] });
      expect(fromPostgres(lost, true).labels).toEqual(['TransientTransactionError']);
      expect(isRolledBack(lost)).toBe(false);
    },
  );

  it('promises nothing about a fault of its own', () => {
    expect(fromPostgres(new TypeError('x is not a function'), true)).toMatchObject({ code: 1, labels: [] });
    expect(isRolledBack(new TypeError('x'))).toBe(false);
  });

  it('takes a cancelled statement for the end of its transaction, where it is in one', () => {
    const cancelled = failure('57014', 'canceling statement due to user request');
    expect(fromPostgres(cancelled, false).code).toBe(CODES.Interrupted);
    expect(fromPostgres(cancelled, true)).toMatchObject({
      code: CODES.NoSuchTransaction,
      labels: ['TransientTransactionError'],
    });
  });

  it.each([
    ['XX000', 'tuple concurrently updated'],
    ['XX000', 'could not open relation with OID 17'],
    ['42P07', 'relation "documents_3" already exists'],
    ['42P01', 'relation "documentdb_data.documents_3" does not exist'],
    ['M0000', 'Unable to create the specified collection'],
  ])('takes %s "%s" for two that changed the catalogue at once', (state, message) => {
    expect(isConflict(failure(state, message))).toBe(true);
    expect(fromPostgres(failure(state, message), true)).toMatchObject({
      code: CODES.WriteConflict,
      labels: ['TransientTransactionError'],
    });
  });

  it('leaves an error that is MongoDB’s already as it is', () => {
    const error = MongoError.of('BadValue', 'no');
    expect(fromPostgres(error, true)).toBe(error);
    expect(error.toReply()).toEqual({ ok: 0, errmsg: 'no', code: 2, codeName: 'BadValue' });
  });
});

import { packSqlState, unpackSqlState } from './sql-states';

it.each([
  ['40P01', 16908292],
  ['40001', 16777220],
])('packs %s as the engine does', (sqlState, packed) => {
  expect(packSqlState(sqlState)).toBe(packed);
});

it.each(['23505', 'M001C', '40P01', 'M00CO'])('reads %s back', (sqlState) => {
  expect(unpackSqlState(packSqlState(sqlState))).toBe(sqlState);
});

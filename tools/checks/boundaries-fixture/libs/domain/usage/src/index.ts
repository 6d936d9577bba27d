// Usage reaching for what it counts: those who have it register a meter with usage instead.
export { userName } from '../../users/src';

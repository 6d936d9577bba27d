import { Matches } from 'class-validator';
import { IsTextList } from './structured-fields';

const ID = /^[0-9a-f]{24}$/;

/** An id in a body, as clients spell it. */
export const IsId = () => Matches(ID, { message: 'must be an id of 24 hexadecimal digits' });

/** Ids, each once. */
export const IsIdList = ({ max }: { max: number }) =>
  IsTextList({ max, maxLength: 24, pattern: ID, called: 'ids of 24 hexadecimal digits', unique: true });

/** External ids of users. The service finds out whether there are such users. */
export const IsExternalIdList = (size: { min?: number; max: number }) =>
  IsTextList({ ...size, maxLength: 128, called: 'external ids' });

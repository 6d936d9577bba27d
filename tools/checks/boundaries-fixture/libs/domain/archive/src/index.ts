// A domain reaching into another one past its index, against the direction.
export { userName } from '../../users/src/user';

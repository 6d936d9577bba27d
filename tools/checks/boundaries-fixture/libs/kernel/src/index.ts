// The kernel reaching up into a domain.
export { userName } from '../../domain/users/src';

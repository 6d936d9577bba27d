export { userName } from './user';

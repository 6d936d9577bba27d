export { differingIn } from './signs';

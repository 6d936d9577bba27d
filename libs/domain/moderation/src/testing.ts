export { WordMatcher } from './texts/words';

export { USER_COLLECTIONS } from './persistence';
export { ReferencesService } from './references/references.service';

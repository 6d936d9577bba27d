export type { StoredObject } from './object-storage';

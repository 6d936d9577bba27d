export * from './actor';
export * from './clock';
export * from './errors';
export * from './ids';
export * from './paging';
export * from './request-context';
export * from './tenant';
export * from './tenant-connection';

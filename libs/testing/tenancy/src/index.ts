export * from './tenancy-harness';

import type { TenantFirewall } from './firewall/tenant-firewall';

export const TENANCY_OPTIONS = Symbol('TENANCY_OPTIONS');

export interface TenancyOptions {
  mongodbUri: string;
  firewall: TenantFirewall;
  /** How many prefixed and dedicated tenants keep compiled models and connections at once. */
  maxHandles: number;
  /** Connections of one client to its cluster. */
  maxPoolSize: number;
}

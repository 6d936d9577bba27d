export { type AuditAction, AuditLog } from './audit/audit-log.repository';
export { ControlPlaneHttpModule, ControlPlaneJobsModule, ControlPlaneModule } from './control-plane.module';
export { presentTenant } from './http/tenant.presenter';
export { SecretBox } from './keys/secret-box';
export { TenantServerKeys } from './keys/server-keys.repository';
export { TenantSigningKeys } from './keys/signing-keys.repository';
export { PLATFORM_DATABASE } from './persistence/platform-database';
export { TenantsRepository } from './tenants/tenants.repository';
export { TenantsService } from './tenants/tenants.service';

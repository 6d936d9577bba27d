export { AuditLog, type AuditAction } from './audit/audit-log.repository';
export { ControlPlaneHttpModule, ControlPlaneJobsModule, ControlPlaneModule } from './control-plane.module';
export { TenantServerKeys } from './keys/server-keys.repository';
export { TenantSigningKeys } from './keys/signing-keys.repository';
export { TenantsService } from './tenants/tenants.service';

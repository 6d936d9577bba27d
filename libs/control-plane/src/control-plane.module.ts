import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuditEventsModule } from '#caas/access';
import { CacheModule } from '#caas/platform/cache';
import { ClockModule } from '#caas/platform/clock';
import { configToken, runtimeConfig, type ConfigOf } from '#caas/platform/config';
import { StorageModule } from '#caas/platform/storage';
import { CALL_LIMITS, firewallOptions, MongoMetrics, TenancyModule, TenantFirewall } from '#caas/tenancy';
import { AuditLog } from './audit/audit-log.repository';
import { FailedAuthAudit } from './audit/failed-auth-audit';
import { AuditLogController } from './http/audit-log.controller';
import { TenantsController } from './http/tenants.controller';
import { Jwks } from './keys/jwks';
import { SecretBox } from './keys/secret-box';
import { TenantServerKeys } from './keys/server-keys.repository';
import { TenantSigningKeys } from './keys/signing-keys.repository';
import { PLATFORM, PLATFORM_DATABASE, PLATFORM_MODELS } from './persistence/platform-database';
import { FinishTenantsProcessor } from './tenants/finish-tenants.processor';
import { TenantsRepository } from './tenants/tenants.repository';
import { TenantsService } from './tenants/tenants.service';

/** Tenants, their keys, and the audit log. Answers ports of tenancy and access: the app binds them. */
@Module({
  imports: [
    AuditEventsModule,
    CacheModule,
    ClockModule,
    StorageModule,
    TenancyModule,
    MongooseModule.forRootAsync({
      connectionName: PLATFORM,
      imports: [TenancyModule],
      inject: [configToken(runtimeConfig), MongoMetrics],
      useFactory: (config: ConfigOf<typeof runtimeConfig>, metrics: MongoMetrics) => ({
        uri: config.MONGODB_URI,
        dbName: PLATFORM_DATABASE,
        ...firewallOptions(new TenantFirewall('platform'), metrics.commandsOf('platform')),
        maxPoolSize: 8,
        serverSelectionTimeoutMS: 5_000,
        ...CALL_LIMITS,
        writeConcern: { w: 'majority', journal: true },
        onConnectionCreate: (connection: Parameters<MongoMetrics['watchPool']>[1]) =>
          metrics.watchPool('platform', connection),
      }),
    }),
    MongooseModule.forFeature(PLATFORM_MODELS, PLATFORM),
  ],
  providers: [
    AuditLog,
    Jwks,
    FailedAuthAudit,
    SecretBox,
    TenantServerKeys,
    TenantSigningKeys,
    TenantsRepository,
    TenantsService,
  ],
  exports: [AuditLog, TenantsRepository, TenantsService, TenantServerKeys, TenantSigningKeys],
})
export class ControlPlaneModule {}

@Module({ imports: [ControlPlaneModule], controllers: [TenantsController, AuditLogController] })
export class ControlPlaneHttpModule {}

@Module({ imports: [ControlPlaneModule], providers: [FinishTenantsProcessor] })
export class ControlPlaneJobsModule {}

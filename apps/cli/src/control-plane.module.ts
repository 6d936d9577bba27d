import { Module } from '@nestjs/common';
import { ControlPlaneModule, TenantsRepository } from '#caas/control-plane';
import { ConfigModule, runtimeConfig, type Environment } from '#caas/platform/config';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { PortsModule } from '#caas/platform/ports';
import { QueueModule } from '#caas/platform/queue';
import { storageConfig } from '#caas/platform/storage';
import { OutboxModule, tenancyConfig, TenancyModule, TenantDirectory } from '#caas/tenancy';

const ports = PortsModule.bind([ControlPlaneModule], [[TenantDirectory, TenantsRepository]]);

/** For commands about tenants themselves, their keys, the audit log and jobs: no domain, which takes half a second less to load. */
@Module({})
export class AppModule {
  static with(environment: Environment) {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot([runtimeConfig, loggingConfig, tenancyConfig, storageConfig], environment),
        LoggingModule,
        QueueModule,
        TenancyModule,
        OutboxModule,
        ControlPlaneModule,
        ports,
      ],
    };
  }
}

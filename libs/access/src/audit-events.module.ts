import { Module } from '@nestjs/common';
import { FailedAuthEvents } from './failed-auth-events';
import { TenantAuditEvents } from './tenant-audit-events';

const EVENTS = [FailedAuthEvents, TenantAuditEvents];

/** Apart from `AccessModule`, because who writes the audit log needs none of the ports of access. */
@Module({ providers: EVENTS, exports: EVENTS })
export class AuditEventsModule {}

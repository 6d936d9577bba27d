import { Module } from '@nestjs/common';
import { FailedAuthEvents } from './failed-auth-events';
import { TenantAuditEvents } from './tenant-audit-events';

const EVENTS = [FailedAuthEvents, TenantAuditEvents];

/** Separate from `AccessModule`, because the writer of the audit log needs none of access's ports. */
@Module({ providers: EVENTS, exports: EVENTS })
export class AuditEventsModule {}

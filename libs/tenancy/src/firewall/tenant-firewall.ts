import type { Document } from 'mongodb';
import type { TenantId } from '#caas/kernel';
import { TenantViolation } from '../guard/tenant-guard.error';
import { readMark } from '../guard/tenant-mark';
import { DATA_RULES, PLACEMENT_RULES } from './command.rules';
import { CursorOwners } from './cursor-owners';
import { mayHold, PLATFORM_DATABASE } from './namespace';

/** Handshake, session and transaction commands: they contain no document and name no collection. */
const CONNECTION_COMMANDS = new Set([
  'hello',
  'ismaster',
  'isMaster',
  'ping',
  'buildInfo',
  'saslStart',
  'saslContinue',
  'endSessions',
  'killSessions',
  'commitTransaction',
  'abortTransaction',
]);

/** `tenants`: tenant data only, and each command names its tenant. `platform`: the control plane's database only. */
export type FirewallScope = 'tenants' | 'platform';

export interface Refusal {
  reason: string;
  command: string;
  database: string;
  /** The tenant that the command named; null when it named none. */
  tenantId: TenantId | null;
}

/**
 * The third of the three layers (design §2). It checks each command before it is sent to the engine, and refuses a command on
 * tenant data that is not limited to the tenant in its mark. It does not use mongoose, schemas, placements or repositories.
 */
export class TenantFirewall {
  enabled = true;
  /** The number of commands read and refused: the isolation suite checks that no command bypassed the firewall. */
  readonly counts = { inspected: 0, refused: 0 };
  private readonly cursors = new CursorOwners();

  constructor(
    private readonly scope: FirewallScope,
    private readonly onRefusal: (refusal: Refusal) => void = () => undefined,
  ) {}

  /** @throws TenantViolation */
  inspect(database: string, command: Document): void {
    if (!this.enabled) return;
    this.counts.inspected += 1;
    const [name = ''] = Object.keys(command);
    const fault = this.faultOf(database, name, command);
    if (fault === null) return;
    this.counts.refused += 1;
    this.onRefusal({ reason: fault, command: name, database, tenantId: readMark(command.comment)?.tenantId ?? null });
    throw new TenantViolation('firewall', `${fault} (${name})`);
  }

  /** Records the cursor that a reply opened or closed. */
  observeReply(command: Document, cursorId: string | null): void {
    if (!this.enabled || this.scope !== 'tenants') return;
    if (command.getMore !== undefined) {
      if (cursorId === null) this.cursors.closed(String(command.getMore));
      return;
    }
    const mark = cursorId === null ? null : readMark(command.comment);
    if (mark && cursorId !== null) this.cursors.opened(cursorId, mark.tenantId);
  }

  private faultOf(database: string, name: string, command: Document): string | null {
    if (CONNECTION_COMMANDS.has(name)) return null;
    if (this.scope === 'platform') {
      return database === PLATFORM_DATABASE ? null : 'the control plane reaching beyond its own database';
    }
    if (name === 'killCursors') return null;
    if (name === 'explain') return this.faultOf(database, Object.keys(command.explain)[0] ?? '', command.explain);
    const mark = readMark(command.comment);
    if (!mark) return 'a command in no tenant’s name';
    if (name === 'getMore') return this.getMoreFault(database, command, mark.tenantId);
    const rules = mark.purpose === 'data' ? DATA_RULES : PLACEMENT_RULES;
    if (!Object.hasOwn(rules, name)) return 'a command the firewall does not know';
    return rules[name]!({ database, name, command, tenantId: mark.tenantId });
  }

  private getMoreFault(database: string, command: Document, tenantId: TenantId): string | null {
    if (!mayHold(tenantId, database, String(command.collection))) return 'a cursor over another tenant’s collection';
    return this.cursors.belongsTo(String(command.getMore), tenantId) ? null : 'a cursor that another tenant opened';
  }
}

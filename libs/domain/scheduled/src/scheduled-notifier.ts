import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { Realtime } from '#caas/platform/realtime';
import type { ScheduledMessage } from './scheduled-message.schema';
import { viewOfScheduled } from './scheduled-view';

/** Publishes the state of a scheduled message to its owner's devices. Nobody else receives it. */
@Injectable()
export class ScheduledNotifier {
  constructor(private readonly realtime: Realtime) {}

  tell(ctx: RequestContext, row: ScheduledMessage): void {
    const audience = { userId: row.user.user_id.toHexString() };
    this.realtime.publish(ctx, audience, { type: 'scheduled_message.updated', data: viewOfScheduled(row) });
  }
}

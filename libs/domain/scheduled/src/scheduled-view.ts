import { versioned } from '#caas/kernel';
import { scheduledEditionOf, type ScheduledMessage } from './scheduled-message.schema';

export const viewOfScheduled = (row: ScheduledMessage) => {
  const view = {
    id: row._id.toHexString(),
    conversation_id: row.conversation_id.toHexString(),
    send_at: row.send_at.toISOString(),
    state: row.state,
    message: row.message,
    message_id: row.message_id?.toHexString() ?? null,
    failed_because: row.failed_because,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
  return versioned(view, scheduledEditionOf(row));
};

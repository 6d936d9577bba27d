import { Injectable } from '@nestjs/common';
import { Clock, forbidden, invalid, type RequestContext } from '#caas/kernel';
import { Settings } from '#caas/domain/settings';
import type { Message } from '../store/message.schema';
import { messagesSettings } from './messages.settings';

interface Content {
  text?: string | null;
  metadata?: Record<string, unknown> | null;
}

/** The tenant's limits on the size of a message and on the time in which it can be edited. */
@Injectable()
export class ContentLimits {
  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** @throws CaasError `text_too_long`, `metadata_too_large` (400) */
  async requireWithin(ctx: RequestContext, { text, metadata }: Content): Promise<void> {
    const { max_text_length, max_metadata_bytes } = await this.settings.of(ctx, messagesSettings);
    // A text never has more code points than UTF-16 units, so most texts need not be counted.
    if (text && text.length > max_text_length && [...text].length > max_text_length) {
      throw tooMuch('text_too_long', 'text', `must be a text of 1 to ${max_text_length} characters`);
    }
    if (metadata && Buffer.byteLength(JSON.stringify(metadata)) > max_metadata_bytes) {
      throw tooMuch('metadata_too_large', 'metadata', `must be at most ${max_metadata_bytes} bytes of JSON`);
    }
  }

  /** @throws CaasError `edit_window_over` (403) */
  async requireEditable(ctx: RequestContext, { created_at }: Pick<Message, 'created_at'>): Promise<void> {
    const { edit_window_seconds: seconds } = await this.settings.of(ctx, messagesSettings);
    if (seconds === 0 || this.clock.now().getTime() - created_at.getTime() <= seconds * 1000) return;
    throw forbidden('edit_window_over', `Messages of this tenant can be edited for ${seconds} seconds.`);
  }
}

const tooMuch = (code: string, field: string, message: string) =>
  invalid(code, `More than this tenant allows: ${field}.`, [{ field, message }]);

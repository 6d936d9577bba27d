import { Injectable } from '@nestjs/common';
import { forbidden, type RequestContext } from '#caas/kernel';
import { Settings, type SettingsOf } from '#caas/domain/settings';
import type { NewPoll } from '../polls/poll';
import { moderationSettings } from './moderation.settings';
import { PatternMatcher } from './patterns';
import { WordMatcher, type Span } from './words';

type ModerationSettings = SettingsOf<typeof moderationSettings>;

/** What is looked into of a message. An encrypted payload is nobody's to read, and metadata are the tenant's own. */
interface Content {
  text?: string | null;
  poll?: Pick<NewPoll, 'question' | 'options'> | null;
}

interface Rules {
  action: ModerationSettings['action'];
  find(text: string): Span[];
}

/** Applies the words and patterns that a tenant blocks. They are compiled once for each version of its settings. */
@Injectable()
export class TextModeration {
  /** Null for settings that block nothing. */
  private readonly compiled = new WeakMap<ModerationSettings, Rules | null>();

  constructor(private readonly settings: Settings) {}

  /**
   * The content as it may be stored: the same when nothing is blocked in it, or it is only `flagged`.
   * @throws CaasError `message_blocked` (403), which does not say by what
   */
  async admit<C extends Content>(ctx: RequestContext, content: C): Promise<{ content: C; flagged: boolean }> {
    const rules = await this.rulesOf(ctx);
    if (!rules || !textsOf(content).some((text) => rules.find(text).length > 0)) return { content, flagged: false };
    if (rules.action === 'reject') throw forbidden('message_blocked', 'This tenant does not allow such a text.');
    if (rules.action === 'flag') return { content, flagged: true };
    return { content: masked(content, rules), flagged: false };
  }

  /**
   * A name as it may be stored. Where texts are flagged, names pass.
   * @throws CaasError `name_blocked` (403)
   */
  async admitName(ctx: RequestContext, name: string): Promise<string> {
    const rules = await this.rulesOf(ctx);
    const spans = rules?.find(name) ?? [];
    if (spans.length === 0 || rules?.action === 'flag') return name;
    if (rules?.action === 'reject') throw forbidden('name_blocked', 'This tenant does not allow such a name.');
    return mask(name, spans);
  }

  private async rulesOf(ctx: RequestContext): Promise<Rules | null> {
    const settings = await this.settings.of(ctx, moderationSettings);
    const known = this.compiled.get(settings);
    if (known !== undefined) return known;
    const rules = rulesOf(settings);
    this.compiled.set(settings, rules);
    return rules;
  }
}

function rulesOf({ blocked_words, blocked_patterns, action }: ModerationSettings): Rules | null {
  if (blocked_words.length === 0 && blocked_patterns.length === 0) return null;
  const words = new WordMatcher(blocked_words);
  const patterns = new PatternMatcher(blocked_patterns);
  return { action, find: (text) => [...words.find(text), ...patterns.find(text)] };
}

const textsOf = ({ text, poll }: Content): string[] => [
  ...(text ? [text] : []),
  ...(poll ? [poll.question, ...poll.options.map((option) => option.text)] : []),
];

function masked<C extends Content>(content: C, { find }: Rules): C {
  const clean = (text: string) => mask(text, find(text));
  const { text, poll } = content;
  return {
    ...content,
    ...(text ? { text: clean(text) } : {}),
    ...(poll
      ? {
          poll: {
            ...poll,
            question: clean(poll.question),
            options: poll.options.map((option) => ({ ...option, text: clean(option.text) })),
          },
        }
      : {}),
  };
}

/** An asterisk for each character of the spans, so that no text grows. */
export function mask(text: string, spans: Span[]): string {
  let out = '';
  let at = 0;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    out += text.slice(at, from) + text.slice(from, end).replace(/\S/gu, '*');
    at = end;
  }
  return out + text.slice(at);
}

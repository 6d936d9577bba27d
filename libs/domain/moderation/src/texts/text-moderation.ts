import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { forbidden, type CaasError, type RequestContext } from '#caas/kernel';
import { Settings, type SettingsOf } from '#caas/domain/settings';
import { moderationSettings } from './moderation.settings';
import { PatternMatcher } from './patterns';
import { WordMatcher, type Span } from './words';
import { WorkBudget } from './work-budget';

type ModerationSettings = SettingsOf<typeof moderationSettings>;

const MAX_COMPILED_BYTES = 64 * 1024 * 1024;
/** The smallest size that counts, so that the number of tenants with few rules is bounded too. */
const LEAST_BYTES = 4 * 1024;

/** Applies the words and patterns that a tenant blocks. They are compiled once for each version of its settings. */
@Injectable()
export class TextModeration {
  /** By tenant. */
  private readonly compiled = new LRUCache<string, Rules>({
    maxSize: MAX_COMPILED_BYTES,
    sizeCalculation: ({ bytes }) => LEAST_BYTES + bytes,
  });
  /** Sends that arrive during a compilation wait for the same one. */
  private readonly compiling = new Map<string, { settings: ModerationSettings; rules: Promise<Rules> }>();

  constructor(private readonly settings: Settings) {}

  /**
   * Returns the texts of a message as they may be stored: unchanged when nothing is blocked in them, or when they are only
   * `flagged`.
   * @throws CaasError `message_blocked` (403), which does not say what matched
   */
  async admit(ctx: RequestContext, texts: string[]): Promise<{ texts: string[]; flagged: boolean }> {
    const rules = await this.rulesOf(ctx);
    const budget = new WorkBudget();
    if (!rules || !(await rules.matchAny(texts, budget))) return { texts, flagged: false };
    if (rules.action === 'reject') throw forbidden('message_blocked', 'This tenant does not allow such a text.');
    if (rules.action === 'flag') return { texts, flagged: true };
    const masked = [];
    for (const text of texts) masked.push(await rules.mask(text, budget));
    return { texts: masked, flagged: false };
  }

  /**
   * Returns a text that is not a message as it may be stored. Where the tenant flags, the text passes, because cases are only about
   * messages.
   * @throws what `blocked` makes
   */
  async admitOther(ctx: RequestContext, text: string, blocked: () => CaasError): Promise<string> {
    const rules = await this.rulesOf(ctx);
    const budget = new WorkBudget();
    if (!rules || rules.action === 'flag' || !(await rules.matchAny([text], budget))) return text;
    if (rules.action === 'reject') throw blocked();
    return rules.mask(text, budget);
  }

  /** Null for settings that block nothing. */
  private async rulesOf(ctx: RequestContext): Promise<Rules | null> {
    const settings = await this.settings.of(ctx, moderationSettings);
    if (settings.blocked_words.length === 0 && settings.blocked_patterns.length === 0) return null;
    const known = this.compiled.get(ctx.tenantId);
    if (known?.settings === settings) return known;
    const underway = this.compiling.get(ctx.tenantId);
    if (underway?.settings === settings) return underway.rules;
    const rules = Rules.compile(settings);
    this.compiling.set(ctx.tenantId, { settings, rules });
    try {
      this.compiled.set(ctx.tenantId, await rules);
    } finally {
      if (this.compiling.get(ctx.tenantId)?.rules === rules) this.compiling.delete(ctx.tenantId);
    }
    return rules;
  }
}

/** The rules of one version of a tenant's settings. */
class Rules {
  private constructor(
    readonly settings: ModerationSettings,
    private readonly words: WordMatcher,
    private readonly patterns: PatternMatcher,
  ) {}

  static async compile(settings: ModerationSettings): Promise<Rules> {
    const budget = new WorkBudget();
    const words = await WordMatcher.compile(settings.blocked_words, () => budget.pause());
    return new Rules(settings, words, new PatternMatcher(settings.blocked_patterns));
  }

  get action(): ModerationSettings['action'] {
    return this.settings.action;
  }

  get bytes(): number {
    return this.words.bytes + this.patterns.bytes;
  }

  async matchAny(texts: string[], budget: WorkBudget): Promise<boolean> {
    for (const text of texts) {
      if (this.words.matches(text) || (await this.patterns.matches(text, budget))) return true;
    }
    return false;
  }

  async mask(text: string, budget: WorkBudget): Promise<string> {
    return mask(text, [...this.words.find(text), ...(await this.patterns.find(text, budget))]);
  }
}

/** Replaces each character of the spans by an asterisk, so that no text grows. */
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

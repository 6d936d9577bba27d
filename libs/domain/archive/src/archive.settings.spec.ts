import { SettingsRegistry } from '#caas/domain/settings';
import { archiveSettingsOf } from './archive.settings';

const NOTHING = { values: {}, granted: {} };

function registryOf(afterDays: number, retentionDays: number): SettingsRegistry {
  const registry = new SettingsRegistry();
  registry.register(archiveSettingsOf({ ARCHIVE_AFTER_DAYS: afterDays, ARCHIVE_RETENTION_DAYS: retentionDays }));
  return registry;
}

describe('the settings of the archive', () => {
  it('are the deployment’s where a tenant has none of its own', () => {
    for (const tier of ['free', 'enterprise'] as const) {
      expect(registryOf(365, 0).resolve(NOTHING, tier)['archive']).toEqual({ after_days: 365, retention_days: null });
      expect(registryOf(3_000, 4_000).resolve(NOTHING, tier)['archive']).toEqual({
        after_days: 3_000,
        retention_days: 4_000,
      });
    }
  });

  it('let a tenant keep messages hot for as long as its tier allows, or as the deployment does', () => {
    const most = (afterDays: number) =>
      (['free', 'starter', 'pro', 'enterprise'] as const).map(
        (tier) => registryOf(afterDays, 0).describe(tier)['archive']!['after_days'],
      );
    expect(most(365)).toMatchObject([{ maximum: 365 }, { maximum: 730 }, { maximum: 1_825 }, { maximum: 36_500 }]);
    expect(most(900)).toMatchObject([{ maximum: 900 }, { maximum: 900 }, { maximum: 1_825 }, { maximum: 36_500 }]);
  });

  it('cannot ask for what is young to go at once', () => {
    const change = { archive: { retention_days: 0 } };
    expect(() => registryOf(365, 0).apply(NOTHING, change, 'pro')).toThrow('archive.retention_days');
  });
});

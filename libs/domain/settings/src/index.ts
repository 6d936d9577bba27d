export {
  choiceSetting,
  flagSetting,
  integerSetting,
  listSetting,
  nullableIntegerSetting,
  type ByTier,
  type SettingEntry,
} from './entries';
export { GrantsService } from './grants.service';
export { SettingsHttpModule } from './http/settings-http.module';
export { limitsSettings } from './limits/limits.settings';
export { Settings } from './settings';
export { SettingsModule } from './settings.module';
export { SettingsRegistry } from './settings-registry';
export { settingsSection, type SettingsOf, type SettingsSection } from './settings-section';

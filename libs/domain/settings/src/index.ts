export { choiceSetting, flagSetting, integerSetting, listSetting, nullableIntegerSetting } from './entries';
export { GrantsService } from './grants.service';
export { SettingsHttpModule } from './http/settings-http.module';
export { limitsSettings } from './limits/limits.settings';
export { SettingsRegistry } from './settings-registry';
export { type SettingsOf, settingsSection } from './settings-section';
export { SettingsModule } from './settings.module';
export { Settings } from './settings';

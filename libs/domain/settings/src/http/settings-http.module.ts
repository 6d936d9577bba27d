import { Module } from '@nestjs/common';
import { SettingsModule } from '../settings.module';
import { SettingsService } from '../settings.service';
import { SettingsController } from './settings.controller';

@Module({ imports: [SettingsModule], providers: [SettingsService], controllers: [SettingsController] })
export class SettingsHttpModule {}

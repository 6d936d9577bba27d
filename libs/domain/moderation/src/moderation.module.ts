import { Module, type OnModuleInit } from '@nestjs/common';
import { GroupsHttpModule } from '#caas/domain/groups';
import { MessagesApiModule } from '#caas/domain/messages';
import { SettingsModule, SettingsRegistry } from '#caas/domain/settings';
import { DisplayNameRegistry, UsersModule } from '#caas/domain/users';
import { ClockModule } from '#caas/platform/clock';
import { TenancyModule } from '#caas/tenancy';
import { ModerationActions } from './cases/moderation-actions';
import { ModerationMessagePolicy } from './cases/moderation-message-policy';
import { moderationCases } from './cases/moderation-case.schema';
import { ModerationCases } from './cases/moderation-cases';
import { moderationReports } from './cases/moderation-report.schema';
import { ModerationController } from './cases/moderation.controller';
import { ModerationService } from './cases/moderation.service';
import { ReportsController } from './cases/reports.controller';
import { ReportsService } from './cases/reports.service';
import { ModerationTextPolicy } from './texts/moderation-text-policy';
import { moderationSettings } from './texts/moderation.settings';
import { TextModeration } from './texts/text-moderation';

const PROVIDERS = [ModerationMessagePolicy, ModerationTextPolicy, ModerationCases, TextModeration];

/** For every process: the collections and settings of moderation, and its answers to lower libraries. */
@Module({
  imports: [SettingsModule, UsersModule, TenancyModule.forFeature([moderationCases, moderationReports])],
  providers: PROVIDERS,
  exports: PROVIDERS,
})
export class ModerationModule implements OnModuleInit {
  constructor(
    private readonly holders: DisplayNameRegistry,
    private readonly settings: SettingsRegistry,
  ) {}

  onModuleInit(): void {
    this.settings.register(moderationSettings);
    this.holders.register(moderationCases, [{ path: 'user' }]);
    this.holders.register(moderationReports, [{ path: 'reporter' }]);
  }
}

/** Reports and decisions over REST. */
@Module({
  imports: [ClockModule, GroupsHttpModule, MessagesApiModule, ModerationModule, TenancyModule, UsersModule],
  providers: [ModerationActions, ModerationService, ReportsService],
  controllers: [ReportsController, ModerationController],
})
export class ModerationApiModule {}

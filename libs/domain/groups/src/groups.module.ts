import { Module, type OnModuleInit } from '@nestjs/common';
import { ReferenceHolders } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { members } from './persistence/member.schema';

/** What every process knows of groups: their collections, and where they keep names of users. */
@Module({ imports: [TenancyModule.forFeature([members])] })
export class GroupsModule implements OnModuleInit {
  constructor(private readonly holders: ReferenceHolders) {}

  onModuleInit(): void {
    this.holders.register(members, [{ path: 'user' }]);
  }
}

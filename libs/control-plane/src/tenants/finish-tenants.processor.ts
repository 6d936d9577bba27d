import { Injectable } from '@nestjs/common';
import { finishTenants } from '#caas/contracts';
import { Handles, type SystemJobHandler } from '#caas/platform/queue';
import { TenantsService } from './tenants.service';

@Handles(finishTenants)
@Injectable()
export class FinishTenantsProcessor implements SystemJobHandler {
  constructor(private readonly tenants: TenantsService) {}

  async handle(): Promise<string | null> {
    const finished = await this.tenants.finishInterrupted({ name: 'system', requestId: finishTenants.name });
    return finished === 0 ? null : `${finished} deletions of tenants were finished`;
  }
}

import { Global, Module } from '@nestjs/common';
import { Invalidations } from './invalidations';

@Global()
@Module({ providers: [Invalidations], exports: [Invalidations] })
export class CacheModule {}

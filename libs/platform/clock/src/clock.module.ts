import { Module } from '@nestjs/common';
import { Clock, SystemClock } from '#caas/kernel';

/** Inject `Clock`, of the kernel. */
@Module({ providers: [{ provide: Clock, useClass: SystemClock }], exports: [Clock] })
export class ClockModule {}

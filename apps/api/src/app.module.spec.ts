import { moduleGraph } from '#caas/platform/ports/testing';
import { AppModule } from './app.module';

describe('The modules of the api', () => {
  it('import what they inject from: three are global, nothing is made twice, and no imports form a circle', async () => {
    expect(await moduleGraph(AppModule)).toEqual({
      globals: ['ConfigModule', 'LoggingModule', 'PortsModule'],
      circles: [],
      providedTwice: [],
    });
  });
});

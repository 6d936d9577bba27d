import { moduleGraph } from '#caas/platform/ports/testing';
import { AppModule } from './app.module';
import { AppModule as ControlPlaneAppModule } from './control-plane.module';

const environment = { NODE_ENV: 'test' };

describe('The modules of the command line', () => {
  it.each([
    ['everything', AppModule.with(environment)],
    ['the control plane', ControlPlaneAppModule.with(environment)],
  ])('import what they inject from, for commands about %s', async (_parts, root) => {
    expect(await moduleGraph(root)).toEqual({
      globals: ['ConfigModule', 'LoggingModule', 'PortsModule'],
      circles: [],
      providedTwice: [],
    });
  });
});

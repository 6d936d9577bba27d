import 'reflect-metadata';
import { forwardRef, Global, Injectable, Module } from '@nestjs/common';
import { moduleGraph } from './testing';

@Injectable()
class Counter {}

@Injectable()
class Reader {
  constructor(readonly counter: Counter) {}
}

@Global()
@Module({ providers: [Counter], exports: [Counter] })
class CounterModule {}

describe('moduleGraph', () => {
  it('names global modules, and what they give without an import', async () => {
    @Module({ providers: [Reader] })
    class ReaderModule {}
    @Module({ imports: [CounterModule, ReaderModule] })
    class App {}
    expect(await moduleGraph(App)).toEqual({ globals: ['CounterModule'], circles: [], providedTwice: [] });
  });

  it('names what two modules provide', async () => {
    @Module({ providers: [Reader, { provide: 'counter', useClass: Counter }, Counter] })
    class ReaderModule {}
    @Module({ imports: [CounterModule, ReaderModule] })
    class App {}
    expect((await moduleGraph(App)).providedTwice).toEqual(['Counter by CounterModule, ReaderModule, ReaderModule']);
  });

  it('names a circle of imports', async () => {
    @Module({ imports: [forwardRef(() => Second)] })
    class First {}
    @Module({ imports: [First] })
    class Second {}
    @Module({ imports: [Second] })
    class App {}
    expect((await moduleGraph(App)).circles).toEqual(['Second > First > Second']);
  });

  it('throws when a module does not import what its class injects', async () => {
    @Module({ providers: [Reader] })
    class App {}
    await expect(moduleGraph(App)).rejects.toThrow('Reader');
  });
});

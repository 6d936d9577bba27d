import { settingsFrom } from './settings';

describe('settingsFrom', () => {
  it('has the documented defaults, and embedded engines among them', () => {
    expect(settingsFrom({})).toEqual({
      dataDir: '.data',
      host: '127.0.0.1',
      port: 3000,
      metricsHost: '127.0.0.1',
      apiProcesses: 1,
      workerProcesses: 1,
    });
  });

  it('takes engines and processes from the environment', () => {
    const env = {
      MONGODB_URI: 'mongodb://db',
      REDIS_URL: 'redis://q',
      PORT: '8080',
      API_PROCESSES: '2',
      WORKER_PROCESSES: '0',
    };
    expect(settingsFrom(env)).toMatchObject({
      mongodbUri: 'mongodb://db',
      redisUrl: 'redis://q',
      port: 8080,
      apiProcesses: 2,
      workerProcesses: 0,
    });
  });

  it('names every problem at once, production’s missing keys among them', () => {
    const problems = () => settingsFrom({ PORT: '80x', API_PROCESSES: '0' });
    expect(problems).toThrow(/PORT .*\n.*API_PROCESSES /);
    expect(() => settingsFrom({ NODE_ENV: 'production' })).toThrow(/PLATFORM_ADMIN_KEY is not set/);
  });
});

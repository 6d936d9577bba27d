import { settingsFrom } from './settings';

describe('settingsFrom', () => {
  it('has the documented defaults', () => {
    expect(settingsFrom({})).toMatchObject({
      dataDir: '.data',
      host: '127.0.0.1',
      port: 3000,
      apiProcesses: 1,
      workerProcesses: 1,
    });
    expect(settingsFrom({ PORT: '', API_PROCESSES: '' })).toEqual(settingsFrom({}));
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

  it('names every problem at once', () => {
    const problems = () => settingsFrom({ PORT: '80x', API_PROCESSES: '0', NODE_ENV: 'production' });
    expect(problems).toThrow(/API_PROCESSES .*\n.*PORT .*\n.*PLATFORM_ADMIN_KEY/);
  });

  it('leaves room for every api above the first port', () => {
    expect(() => settingsFrom({ PORT: '65535', API_PROCESSES: '2' })).toThrow(
      /PORT must be a whole number from 1 to 65534/,
    );
  });
});

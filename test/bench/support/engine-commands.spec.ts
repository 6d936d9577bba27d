import { commandsIn } from './engine-commands';

const METRICS = `# TYPE caas_mongodb_command_duration_seconds histogram
caas_mongodb_command_duration_seconds_bucket{le="0.005",client="tenants",command="find",outcome="ok"} 10
caas_mongodb_command_duration_seconds_sum{client="tenants",command="find",outcome="ok"} 0.4
caas_mongodb_command_duration_seconds_count{client="tenants",command="find",outcome="ok"} 12
caas_mongodb_command_duration_seconds_count{client="tenants",command="find",outcome="failed"} 3
caas_mongodb_command_duration_seconds_count{client="platform",command="find",outcome="ok"} 100
caas_mongodb_command_duration_seconds_count{client="tenants",command="insert",outcome="ok"} 7
`;

describe("the engine's commands in a process's metrics", () => {
  it("are counted by name, those for tenants' data alone", () => {
    expect(commandsIn(METRICS)).toEqual({ find: 15, insert: 7 });
  });
});

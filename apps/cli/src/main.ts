#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const OLDEST_NODE = 24;

async function main(): Promise<number> {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    console.error(
      `caas: this runs on Node ${OLDEST_NODE}, not ${process.versions.node}. \`npm run caas -- …\` takes the right one.`,
    );
    return 2;
  }
  // What is loaded for a command was compiled before. In the user's own folder, where nobody else can put something.
  nodeModule.enableCompileCache(join(homedir(), '.cache', 'caas', 'compiled'));
  const { run } = await import('./run.js');
  return run(process.argv.slice(2));
}

void main().then((code) => process.exit(code));

#!/usr/bin/env node
/**
 * Fetches Storm's stock multilang adapters (storm.py, storm.js) for the tests, from Maven Central into
 * build/test-jars, and unpacks them there into resources/. No dependencies; does nothing when they are there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const stormVersion = '2.8.3';
const artifacts = [
  { name: 'multilang-python', adapter: 'storm.py' },
  { name: 'multilang-javascript', adapter: 'storm.js' },
];
const directory = join(fileURLToPath(new URL('..', import.meta.url)), 'build', 'test-jars');

mkdirSync(directory, { recursive: true });
for (const { name, adapter } of artifacts) {
  if (existsSync(join(directory, 'resources', adapter))) continue;
  const artifact = `org.apache.storm:${name}:${stormVersion}`;
  run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${directory}`]);
  run('jar', ['xf', `${name}-${stormVersion}.jar`, `resources/${adapter}`]);
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: directory, encoding: 'utf8' });
  if (result.status === 0) return;
  process.stderr.write(
    `${command} ${args.join(' ')}: ${result.stderr ?? ''}${result.stdout ?? result.error}\n`,
  );
  process.exit(1);
}

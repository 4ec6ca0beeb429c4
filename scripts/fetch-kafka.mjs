#!/usr/bin/env node
/**
 * Fetches a Kafka broker (43 MB of jars) for tests and benchmarks from Maven Central into build/kafka. No
 * dependencies; does nothing when they are there.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pom = join(root, 'scripts', 'kafka-broker.pom.xml');
const directory = join(root, 'build', 'kafka');
const digest = createHash('sha256').update(readFileSync(pom)).digest('hex');
const stamp = join(directory, 'pom.sha256');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) fetchJars();

/** Beside first, then into place: two that fetch at once both end with a whole folder. */
function fetchJars() {
  const beside = `${directory}.${process.pid}`;
  mkdirSync(beside, { recursive: true });
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${beside}`];
  const result = spawnSync('mvn', ['-q', '-B', '-f', pom, ...goal], { encoding: 'utf8' });
  if (result.status !== 0) {
    rmSync(beside, { recursive: true, force: true });
    process.stderr.write(
      `the Kafka broker of ${pom} cannot be fetched with Maven:\n${result.stderr ?? ''}${result.stdout ?? result.error}\n`,
    );
    process.exit(1);
  }
  writeFileSync(join(beside, 'pom.sha256'), digest);
  rmSync(directory, { recursive: true, force: true });
  renameSync(beside, directory);
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compatJar } from './storm-client.ts';
import { root } from './target.ts';

const jars = join(root, 'build', 'test-jars');

/** A released jar of org.apache.storm from Maven Central, kept under build/test-jars. */
export function releasedJar(artifact: string, version: string): string {
  const path = join(jars, `${artifact}-${version}.jar`);
  if (existsSync(path)) return path;
  mkdirSync(jars, { recursive: true });
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
  execFileSync(
    'mvn',
    ['-q', '-B', goal, `-Dartifact=org.apache.storm:${artifact}:${version}:jar`, `-DoutputDirectory=${jars}`],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  return path;
}

/** Storm's performance topologies alone: their released jar is 223 MB of Hadoop and Kafka around them. */
export function perfJar(): string {
  return repacked('perf', [[releasedJar('storm-perf', '2.6.0'), 'org/apache/storm/perf/']]);
}

/**
 * Flux as its users shade it into their jar, with the components of the compat topologies. 2.4.0 is the
 * newest release whose parent POM is on Maven Central.
 */
export function fluxJar(): string {
  return repacked('flux', [
    [compatJar, ''],
    [releasedJar('flux-core', '2.4.0'), ''],
    [releasedJar('flux-wrappers', '2.4.0'), ''],
  ]);
}

/**
 * Unpacks the named part of each jar into one new jar. Each run builds it again, since the compat jar
 * changes.
 */
function repacked(name: string, parts: readonly (readonly [jar: string, under: string])[]): string {
  mkdirSync(jars, { recursive: true });
  const dir = mkdtempSync(join(jars, `${name}-`));
  try {
    for (const [jar, under] of parts)
      execFileSync('jar', ['xf', jar, ...(under === '' ? [] : [under])], { cwd: dir });
    rmSync(join(dir, 'META-INF'), { recursive: true, force: true });
    const made = join(dir, `${name}.jar`);
    execFileSync('jar', ['cf', made, '.'], { cwd: dir });
    const kept = join(jars, `repacked-${name}.jar`);
    renameSync(made, kept);
    return kept;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

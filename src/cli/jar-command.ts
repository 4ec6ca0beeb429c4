import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errorCode, GatewayError } from '../base/index.ts';
import type { ClientConfig } from '../config/index.ts';
import { type CommandWorld, type CommonFlags, clientConfig } from './commands.ts';
import { nimbusAddress } from './gateway-client.ts';

export interface JarFlags extends CommonFlags {
  readonly jars?: string;
  readonly artifacts?: string;
}

const withoutJava =
  'Topologies without Java components need no Java: submit them with the Python or the JavaScript builder.';

/** Short-lived JVMs start faster without the second compiler and with the simplest collector. */
const quickStart = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];

/**
 * Runs the main class of a jar with Storm's client on its class path, as `storm jar` does (2.8). The
 * submitter finds the jar in `storm.jar`, the flags in `storm.options` and the configuration file in
 * `storm.conf.file`. Returns the exit code of the JVM.
 */
export async function runJar(
  world: CommandWorld,
  program: { readonly jar: string; readonly main: string; readonly args: readonly string[] },
  flags: JarFlags,
): Promise<number> {
  for (const flag of ['jars', 'artifacts'] as const) {
    if (flags[flag] === undefined) continue;
    throw new GatewayError(
      'CONFIG_INVALID',
      `--${flag} is not available yet: put the dependencies into the topology jar`,
    );
  }
  const jar = resolve(world.cwd, program.jar);
  if (!existsSync(jar)) throw new GatewayError('JAR_INVALID', `${program.jar}: no such file`);
  const libraries = join(world.checkoutDir, 'build', 'java', 'lib-worker');
  if (!existsSync(libraries)) {
    throw new GatewayError(
      'SPAWN_FAILED',
      `Storm's client is missing at ${libraries}: run "npm run setup". ${withoutJava}`,
    );
  }
  const config = await clientConfig(world, flags);
  const { runCommand } = await import('../child/index.ts');
  const java = javaCommand(world.env);
  const result = await runCommand({
    command: java,
    args: [
      ...quickStart,
      ...(world.env['STORM_JAR_JVM_OPTS'] ?? '').split(/\s+/).filter((option) => option !== ''),
      `-Dstorm.options=${await stormOptions(config, flags)}`,
      `-Dstorm.conf.file=${config.file === undefined ? '' : resolve(world.cwd, config.file)}`,
      '-Dstorm.dependency.jars=',
      '-Dstorm.dependency.artifacts={}',
      `-Dstorm.jar=${jar}`,
      '-cp',
      [join(libraries, '*'), world.env['STORM_EXT_CLASSPATH'], jar].filter(Boolean).join(':'),
      program.main,
      ...program.args,
    ],
    cwd: world.cwd,
    stdio: 'inherit',
  }).catch((error: unknown) => {
    if (errorCode((error as Error).cause) !== 'ENOENT') throw error;
    throw new GatewayError(
      'SPAWN_FAILED',
      `cannot run ${java}: no such program. Install Java 17 or set JAVA_HOME. ${withoutJava}`,
    );
  });
  return result.code ?? 1;
}

/**
 * `key=value` pairs, URL-encoded and separated by commas (Utils.readCommandLineOpts): the gateway's address
 * if the user set none, then the user's flags.
 */
async function stormOptions(config: ClientConfig, flags: JarFlags): Promise<string> {
  const nimbus = await nimbusAddress(config);
  const found =
    config.seeds === undefined && config.port === undefined
      ? [`nimbus.seeds=["${nimbus.host}"]`, `nimbus.thrift.port=${nimbus.port}`]
      : [];
  return [...found, ...(flags.c ?? [])]
    .map((option) => encodeURIComponent(option).replaceAll('%20', '+'))
    .join(',');
}

export function javaCommand(env: Readonly<Record<string, string | undefined>>): string {
  const home = env['JAVA_HOME'];
  return home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
}

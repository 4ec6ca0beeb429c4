/**
 * Builds node-rdkafka, which the Kafka storage of the distributed log needs, against the system's librdkafka.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, progress, root } from './process.mjs';
import { kafkaLibrary } from './tools.mjs';

export const kafkaClient = 'node_modules/node-rdkafka/build/Release/node-librdkafka.node';

/** Resolves to false when the client cannot be built; the next setup then retries. */
export async function buildKafkaClient() {
  const skipped = (why) => {
    progress(`Kafka client: skipped, because ${why}. Everything except egret.dlog.storage=kafka works`);
    return false;
  };
  if (!kafkaLibrary.found())
    return skipped(
      `librdkafka is not installed (on Debian or Ubuntu: sudo apt-get install ${kafkaLibrary.apt})`,
    );
  // npm removes the compiled client whenever it installs anything, so a copy is kept outside node_modules.
  const { version } = JSON.parse(
    readFileSync(join(root, 'node_modules', 'node-rdkafka', 'package.json'), 'utf8'),
  );
  const kept = join(root, 'build', 'kafka-client', `${version}-${process.versions.modules}.node`);
  if (existsSync(kept)) {
    mkdirSync(join(root, kafkaClient, '..'), { recursive: true });
    copyFileSync(kept, join(root, kafkaClient));
    return true;
  }
  const env = { ...process.env, BUILD_LIBRDKAFKA: '0', JOBS: 'max' };
  const args = ['rebuild', 'node-rdkafka', '--ignore-scripts=false', '--loglevel=error'];
  const isBuilt = await execute('npm', args, { env, isNeeded: false });
  if (!isBuilt || !existsSync(join(root, kafkaClient))) return skipped('it does not compile (see above)');
  mkdirSync(join(kept, '..'), { recursive: true });
  copyFileSync(join(root, kafkaClient), kept);
  return true;
}

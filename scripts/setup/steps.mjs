/**
 * The steps of setup, in order. A step is skipped while its inputs are what they were when it last succeeded.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { archiveClasses, classArchive } from './class-archive.mjs';
import { buildKafkaClient, kafkaClient } from './kafka-client.mjs';
import { buildHelper, buildTrimAddon, helper, trimAddon } from './native.mjs';
import { execute, progress, root } from './process.mjs';
import { buildTypeScript } from './typescript.mjs';

/**
 * A step runs when an input changed or an output is missing. One that resolves to false runs again at the
 * next setup.
 */
export const steps = [
  {
    name: 'npm packages',
    inputs: ['package.json', 'package-lock.json'],
    outputs: ['node_modules/.package-lock.json'],
    // not "npm ci": it refuses a lock file made where a registry lacks packages of other platforms
    run: () => execute('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']),
  },
  {
    name: 'Kafka client',
    inputs: ['node_modules/node-rdkafka/package.json'],
    outputs: [kafkaClient],
    run: buildKafkaClient,
  },
  {
    name: 'Java parts (Storm comes from Maven Central)',
    inputs: ['multilang/java', 'clients/java', 'examples/java', 'compat-tests/topologies'],
    outputs: [
      'egret-jvm-host.jar',
      'egret-shell.jar',
      'egret-oracle.jar',
      'egret-dlog-client.jar',
      'lib-worker',
    ].map((name) => `build/java/${name}`),
    run: () => execute('mvn', ['-q', '-B', '-f', 'multilang/java', 'package']),
  },
  {
    name: "Storm's defaults",
    inputs: ['multilang/java/pom.xml', 'multilang/java/host/src/main/java/egret/host/DumpDefaults.java'],
    outputs: ['build/storm-defaults.json'],
    run: () =>
      execute('java', [
        '-cp',
        ['build/java/egret-jvm-host.jar', 'build/java/lib-worker/*'].join(delimiter),
        'egret.host.DumpDefaults',
        'build/storm-defaults.json',
      ]),
  },
  {
    name: 'class archive of the JVM host (halves its time to start)',
    inputs: ['build/java/egret-jvm-host.jar', 'build/java/egret-shell.jar', 'multilang/java/pom.xml'],
    outputs: [classArchive],
    run: archiveClasses,
  },
  {
    name: 'helper that contains child processes',
    inputs: ['src/child/native'],
    outputs: [helper],
    run: buildHelper,
  },
  {
    name: 'addon that returns memory',
    inputs: ['src/base/native'],
    outputs: [trimAddon],
    run: buildTrimAddon,
  },
  {
    name: 'TypeScript build',
    inputs: ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
    outputs: ['build/js/bin/egret.js', 'build/js/bin/container.js', 'build/js/dlog-client/index.d.ts'],
    run: buildTypeScript,
  },
  {
    name: 'Python packages (to submit from Python)',
    inputs: ['multilang/python/requirements.txt'],
    outputs: ['build/python/thriftpy2'],
    run: installPythonPackages,
  },
  {
    name: 'C++ library and bolts',
    inputs: ['multilang/cpp', 'examples/cpp'],
    outputs: ['build/cpp/examples/split_sentence', 'build/cpp/tests/egret_probe'],
    run: async () => {
      await execute('cmake', ['-S', 'multilang/cpp', '-B', 'build/cpp', '-DCMAKE_BUILD_TYPE=Release']);
      await execute('cmake', ['--build', 'build/cpp', '-j2']);
    },
  },
];

/** Into the checkout's build folder, so that the system's packages stay as they are. */
async function installPythonPackages() {
  const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--upgrade'];
  const target = ['--target', 'build/python', '-r', 'multilang/python/requirements.txt'];
  await execute('python3', ['-m', 'pip', 'install', ...options, ...target]);
}

export async function runStep(step, stampDir) {
  const stamp = join(stampDir, `${step.name.replaceAll(/[^A-Za-z0-9]+/g, '-')}.sha256`);
  const wanted = digest(step.inputs);
  const isCurrent =
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === wanted &&
    step.outputs.every((path) => existsSync(join(root, path)));
  if (isCurrent) return;
  rmSync(stamp, { force: true });
  const startedMs = Date.now();
  progress(step.name);
  if ((await step.run()) === false) return;
  writeFileSync(stamp, digest(step.inputs));
  progress(`${step.name}: done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}

/**
 * A digest of the names and contents of files; a folder counts with everything in it except build results and
 * caches.
 */
function digest(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const entry of readdirSync(full).sort()) {
        if (!ignored.has(entry) && !entry.endsWith('.egg-info')) add(join(path, entry));
      }
      return;
    }
    hash.update(path).update('\0').update(readFileSync(full)).update('\0');
  };
  for (const path of paths) add(path);
  return hash.digest('hex');
}

const ignored = new Set(['target', '__pycache__', 'node_modules', 'build']);

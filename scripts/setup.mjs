#!/usr/bin/env node
/**
 * Sets up a fresh checkout: finds the tools, installs what is missing (apt, as root on a Debian-like system),
 * then the npm packages, the TypeScript build, the Java parts, the C++ library and the helper in C. No
 * dependencies: it runs before any is there. Each step is skipped while its inputs are what they were when it
 * last succeeded. Writes only inside the checkout and the package caches. Without the library of the Kafka
 * client everything is set up but that.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampDir = join(root, 'build', 'setup');

/** Tools, how to tell that they are good enough, and the Debian package that brings them. */
const tools = [
  { name: 'JDK 17 or later', found: () => javaMajor() >= 17, apt: 'default-jdk-headless' },
  { name: 'Maven', found: () => onPath('mvn'), apt: 'maven' },
  { name: 'Python 3', found: () => onPath('python3'), apt: 'python3' },
  { name: 'pip', found: () => existsSync(join(root, 'build', 'python')) || hasPip(), apt: 'python3-pip' },
  { name: 'a C++ compiler', found: () => onPath('g++') || onPath('clang++'), apt: 'g++' },
  { name: 'CMake', found: () => onPath('cmake'), apt: 'cmake' },
  { name: 'make', found: () => onPath('make'), apt: 'make' },
  {
    name: 'redis-server or valkey-server',
    found: () => onPath('redis-server') || onPath('valkey-server'),
    apt: 'redis-server',
  },
  {
    name: 'nlohmann-json (C++)',
    found: () => existsSync('/usr/include/nlohmann/json.hpp'),
    apt: 'nlohmann-json3-dev',
  },
];

/**
 * What only Kafka as the log's storage needs. Linked by the system's package: node-rdkafka's own copy takes
 * minutes to compile.
 */
const kafkaLibrary = {
  found: () => existsSync('/usr/include/librdkafka/rdkafkacpp.h'),
  apt: 'librdkafka-dev',
};
const kafkaClient = 'node_modules/node-rdkafka/build/Release/node-librdkafka.node';

/** In order; a step runs when one of its inputs changed or one of its outputs is gone. */
const steps = [
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
    outputs: ['build/java/egret-jvm-host.jsa'],
    run: archiveClasses,
  },
  {
    name: 'helper that contains child processes',
    inputs: ['src/child/native'],
    outputs: ['build/native/egret-contain'],
    run: buildHelper,
  },
  {
    name: 'addon that returns memory',
    inputs: ['src/base/native'],
    outputs: ['build/native/egret-trim.node'],
    run: buildTrim,
  },
  {
    name: 'TypeScript build',
    inputs: ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
    outputs: ['build/js/bin/egret.js', 'build/js/bin/container.js'],
    run: () => execute('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json']),
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

await main();

async function main() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node 20.19 or later is needed, this is ${process.versions.node}`);
  await installMissingTools();
  mkdirSync(stampDir, { recursive: true });
  for (const step of steps) await runStep(step);
}

async function installMissingTools() {
  const missing = tools.filter((tool) => !tool.found());
  if (missing.length === 0) return installKafkaLibrary();
  const names = missing.map((tool) => tool.name).join(', ');
  const packages = missing.map((tool) => tool.apt);
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    fail(
      `missing: ${names}. Install them first; on Debian or Ubuntu: sudo apt-get install ${packages.join(' ')}`,
    );
  }
  progress(`installing ${names}`);
  await installPackages(packages, { isNeeded: true });
  await installKafkaLibrary();
  const still = tools.filter((tool) => !tool.found());
  if (still.length > 0) fail(`still missing after apt-get: ${still.map((tool) => tool.name).join(', ')}`);
}

/** Where it cannot be had the step of the Kafka client says so. */
async function installKafkaLibrary() {
  if (kafkaLibrary.found() || process.getuid?.() !== 0 || !onPath('apt-get')) return;
  progress('installing the library of the Kafka client');
  await installPackages([kafkaLibrary.apt], { isNeeded: false });
}

async function installPackages(packages, { isNeeded }) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await execute('apt-get', ['update', '-qq'], { env, isNeeded });
  await execute('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    env,
    isNeeded,
  });
}

/** Whether the client was built; a client that lacks its library is retried at the next setup. */
async function buildKafkaClient() {
  const left = (why) => {
    progress(`Kafka client: left out, ${why}. Everything but egret.dlog.storage=kafka works.`);
    return false;
  };
  if (!kafkaLibrary.found())
    return left(
      `there is no librdkafka to link; on Debian or Ubuntu: sudo apt-get install ${kafkaLibrary.apt}`,
    );
  // npm takes the build away whenever it installs anything: it is kept aside and need not be rebuilt.
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
  if (!isBuilt || !existsSync(join(root, kafkaClient))) return left('it does not compile (see above)');
  mkdirSync(join(kept, '..'), { recursive: true });
  copyFileSync(join(root, kafkaClient), kept);
  return true;
}

async function runStep(step) {
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
 * The class path must be the beginning of the one that hosts are started with: absolute, in the order of the
 * names.
 */
async function archiveClasses() {
  const built = join(root, 'build', 'java');
  const libraries = readdirSync(join(built, 'lib-worker')).sort();
  const classPath = [
    join(built, 'egret-jvm-host.jar'),
    join(built, 'egret-shell.jar'),
    ...libraries.map((name) => join(built, 'lib-worker', name)),
  ];
  const archive = join(built, 'egret-jvm-host.jsa');
  const files = 'build/java/rehearsal';
  for (const path of [archive, join(root, files)]) rmSync(path, { recursive: true, force: true });
  await execute('java', [
    `-XX:ArchiveClassesAtExit=${archive}`,
    ...['-cp', classPath.join(delimiter), 'egret.host.Rehearsal', files],
  ]);
  rmSync(join(root, files), { recursive: true, force: true });
}

/**
 * Static where the C library allows it: then each child costs a few dozen kilobytes. Without a C compiler
 * children are contained by process groups only, which the gateway's log says, and the next setup retries.
 */
async function buildHelper() {
  const compiler = compilerFor('helper that contains child processes');
  if (compiler === undefined) return false;
  const { built, fresh } = nativeOutput('egret-contain');
  const args = ['-std=c11', '-O2', '-o', fresh, join('src', 'child', 'native', 'egret-contain.c')];
  const isStatic = spawnSync(compiler, ['-static', ...args], { cwd: root, stdio: 'ignore' }).status === 0;
  if (!isStatic && !(await execute(compiler, args, { isNeeded: false }))) return false;
  renameSync(fresh, built); // a gateway may be running the old one
  return true;
}

/**
 * Without the addon, or with a C library that has no malloc_trim, a gateway keeps some of the memory of a
 * flood.
 */
async function buildTrim() {
  const compiler = compilerFor('addon that returns memory');
  if (compiler === undefined) return false;
  const { built, fresh } = nativeOutput('egret-trim.node');
  const args = ['-std=c11', '-O2', '-shared', '-fPIC', '-fvisibility=hidden', '-o', fresh];
  const source = join('src', 'base', 'native', 'egret-trim.c');
  if (!(await execute(compiler, [...args, source], { isNeeded: false }))) return false;
  renameSync(fresh, built);
  return true;
}

function compilerFor(what) {
  const compiler = ['cc', 'gcc', 'clang'].find(onPath);
  if (compiler === undefined) progress(`${what}: left out, there is no C compiler (cc, gcc or clang)`);
  return compiler;
}

function nativeOutput(name) {
  const built = join(root, 'build', 'native', name);
  mkdirSync(join(built, '..'), { recursive: true });
  return { built, fresh: `${built}.new` };
}

/** A digest over names and contents of files, folders taken whole (build results and caches left out). */
function digest(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const entry of readdirSync(full).sort()) {
        if (entry !== 'target' && entry !== '__pycache__' && entry !== 'node_modules') add(join(path, entry));
      }
      return;
    }
    hash.update(path).update('\0').update(readFileSync(full)).update('\0');
  };
  for (const path of paths) add(path);
  return hash.digest('hex');
}

/**
 * Runs a command, its output held back and shown only when it fails: then set-up ends, unless it is not
 * needed.
 */
function execute(command, args, { env = process.env, isNeeded = true } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (bytes) => output.push(bytes));
    child.stderr.on('data', (bytes) => output.push(bytes));
    const failed = (text) => {
      if (isNeeded) fail(text);
      progress(text);
      resolve(false);
    };
    child.on('error', (error) => failed(`${command}: ${error.message}`));
    child.on('close', (code) => {
      if (code === 0) return resolve(true);
      process.stderr.write(Buffer.concat(output));
      failed(`"${command} ${args.join(' ')}" ended with ${code}`);
    });
  });
}

function onPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(join(dir, command)));
}

/** Into a folder of the checkout: the system's packages stay as they are. */
async function installPythonPackages() {
  const options = [
    '--quiet',
    '--disable-pip-version-check',
    '--no-input',
    '--upgrade',
    '--target',
    'build/python',
  ];
  const packages = ['-r', 'multilang/python/requirements.txt'];
  await execute('python3', ['-m', 'pip', 'install', ...options, ...packages]);
}

function hasPip() {
  return spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
}

function javaMajor() {
  if (!onPath('javac')) return 0;
  const result = spawnSync('javac', ['-version'], { encoding: 'utf8' });
  return Number(/javac (\d+)/.exec(`${result.stdout}${result.stderr}`)?.[1] ?? 0);
}

function progress(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`set-up: ${text}\n`);
  process.exit(1);
}

/**
 * The programs and libraries that setup needs from the system: how to find them, and the Debian package of
 * each.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execute, fail, onPath, progress, root } from './process.mjs';

const tools = [
  { name: 'JDK 17 or later', found: () => javacMajor() >= 17, apt: 'default-jdk-headless' },
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
 * Only the Kafka storage of the distributed log needs it. The system's package is linked, because the copy
 * that node-rdkafka brings takes minutes to compile.
 */
export const kafkaLibrary = {
  found: () => existsSync('/usr/include/librdkafka/rdkafkacpp.h'),
  apt: 'librdkafka-dev',
};

/** Ends setup when a tool is missing and cannot be installed here. */
export async function installMissingTools() {
  const missing = tools.filter((tool) => !tool.found());
  if (missing.length === 0) return installKafkaLibrary();
  const names = missing.map((tool) => tool.name).join(', ');
  const packages = missing.map((tool) => tool.apt);
  if (!canInstall()) {
    fail(
      `missing: ${names}. Install them first; on Debian or Ubuntu: sudo apt-get install ${packages.join(' ')}`,
    );
  }
  progress(`installing ${names}`);
  await installPackages(packages, { isNeeded: true });
  await installKafkaLibrary();
  const still = tools.filter((tool) => !tool.found());
  if (still.length > 0) {
    const stillMissing = still.map((tool) => tool.name).join(', ');
    fail(
      `apt-get installed its packages, but these are still missing or too old: ${stillMissing}. Install them by hand`,
    );
  }
}

/** If this fails, the Kafka client step reports it. */
async function installKafkaLibrary() {
  if (kafkaLibrary.found() || !canInstall()) return;
  progress('installing the library for the Kafka client');
  await installPackages([kafkaLibrary.apt], { isNeeded: false });
}

function canInstall() {
  return process.getuid?.() === 0 && onPath('apt-get');
}

async function installPackages(packages, { isNeeded }) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await execute('apt-get', ['update', '-qq'], { env, isNeeded });
  await execute('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    env,
    isNeeded,
  });
}

function hasPip() {
  return spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
}

function javacMajor() {
  if (!onPath('javac')) return 0;
  const result = spawnSync('javac', ['-version'], { encoding: 'utf8' });
  return Number(/javac (\d+)/.exec(`${result.stdout}${result.stderr}`)?.[1] ?? 0);
}

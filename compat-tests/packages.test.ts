import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { assertNothingLeft, filesOfTopologies } from './bad-luck.ts';
import { processesUnder } from './processes.ts';
import { eventually } from './records.ts';
import { root } from './target.ts';
import { countWords, readCounts, total } from './word-count-file.ts';

/** Each package as a user installs it, into an empty directory, and what it is for. */
describe('packages', () => {
  let scratch = '';
  let gateway: ChildProcess | undefined;
  const at = (...path: string[]): string => join(scratch, ...path);
  const python = (): string => at('venv', 'bin', 'python');
  const installed = (...path: string[]): string => at('npm', 'node_modules', 'egret', ...path);

  before(function () {
    if (process.env['EGRET_COMPAT_KIND'] === 'storm') this.skip();
    scratch = mkdtempSync(join(tmpdir(), 'egret-packages-'));
  });
  after(async () => {
    if (scratch === '') return;
    gateway?.kill('SIGKILL');
    for (const { pid } of processesUnder(scratch)) process.kill(pid, 'SIGKILL');
    await eventually('an end of all processes', () =>
      processesUnder(scratch).length === 0 ? true : undefined,
    );
    rmSync(scratch, { recursive: true, force: true });
  });

  it('for Python install with pip, and a component imports them', async () => {
    // setuptools builds beside the sources: the checkout stays as it is
    for (const name of ['multilang', 'clients'])
      cpSync(join(root, name, 'python'), at('sources', name), { recursive: true });
    await run('python3', ['-m', 'venv', at('venv')]);
    const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-deps'];
    await run(python(), [
      '-m',
      'pip',
      'install',
      ...options,
      at('sources', 'multilang'),
      at('sources', 'clients'),
    ]);
    const component =
      'import egret, egret.topology, egret_dlog; print(egret.BasicBolt.__name__, egret.__file__)';
    const said = await run(python(), ['-c', component], {
      env: { PYTHONPATH: join(root, 'build', 'python') },
    });
    assert.equal(said.startsWith(`BasicBolt ${at('venv')}`), true, said);
  });

  it('for C++ install with CMake, and a project finds them', async () => {
    await run('cmake', ['--install', join(root, 'build', 'cpp'), '--prefix', at('prefix')]);
    mkdirSync(at('project'));
    writeFileSync(at('project', 'CMakeLists.txt'), cmakeProject);
    writeFileSync(at('project', 'echo.cpp'), echoBolt);
    await run('cmake', [
      '-S',
      at('project'),
      '-B',
      at('project', 'build'),
      `-DCMAKE_PREFIX_PATH=${at('prefix')}`,
    ]);
    await run('cmake', ['--build', at('project', 'build')]);
    assert.equal(existsSync(at('project', 'build', 'echo')), true);
  });

  it('for npm hold what runs and nothing of the tests, and install into an empty directory', async () => {
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', scratch], { cwd: root });
    const [archive] = readdirSync(scratch).filter((name) => name.endsWith('.tgz'));
    mkdirSync(at('npm'));
    const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['install', ...options, at(archive!)], { cwd: at('npm') });
    const files = readdirSync(installed(), { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      files.filter((path) =>
        /\.test\.|\.fixture\.|oracle|compat|(^|\/)(testing|tests|target)(\/|$)|\.pyc$/.test(path),
      ),
      [],
    );
    await run('cmake', ['-S', installed('multilang', 'cpp'), '-B', at('cpp')]);
    assert.equal(existsSync(installed('build', 'native', 'egret-contain')), true, 'the helper is compiled');
    assert.equal(existsSync(installed('build', 'java', 'egret-jvm-host.jsa')), true, 'classes are archived');
    const packages = readdirSync(at('npm', 'node_modules'));
    for (const name of ['typescript', 'tsx', 'mocha', 'node-rdkafka'])
      assert.equal(packages.includes(name), false, `${name} is not for users`);
  });

  it('for npm complete their installation without a compiler and without Java', async () => {
    mkdirSync(at('poor'));
    symlinkSync(process.execPath, at('poor', 'node'));
    rmSync(installed('build', 'native'), { recursive: true });
    const script = installed('scripts', 'postinstall.mjs');
    const said = await run(process.execPath, [script], { env: { PATH: at('poor') } });
    assert.match(said, /helper that contains child processes: skipped, because there is no C compiler/);
    assert.match(said, /class archive of the JVM host: skipped, because there is no Java/);
    assert.equal(existsSync(installed('build', 'native', 'egret-contain')), false);
  });

  it('for npm run a topology of Python scripts without either, to its end', async () => {
    const home = at('home');
    mkdirSync(home);
    const said = await startGateway(home);
    const output = at('counts.txt');
    const text = installed('examples', 'texts', 'address.txt');
    const submit = [installed('examples', 'python', 'submit.py'), text, output, '--name', 'words'];
    const address = /nimbus=(\d+)/.exec(said.ready)![1]!;
    await run(python(), [...submit, '--nimbus', `127.0.0.1:${address}`], {
      env: { PYTHONPATH: join(root, 'build', 'python') },
    });
    const expected = countWords(text);
    await eventually('as many words as the text has', () =>
      total(readCounts(output)) >= total(expected) ? true : undefined,
    );
    assert.deepEqual(readCounts(output), expected);
    const egret = at('npm', 'node_modules', '.bin', 'egret');
    await run(egret, ['kill', 'words', '-w', '0'], { env: { HOME: home } });
    const localDir = join(home, '.egret', 'storm-local');
    await eventually('an end of the topology', () =>
      filesOfTopologies(localDir).length === 0 ? true : undefined,
    );
    const ended = new Promise((resolve) => gateway?.once('exit', resolve));
    gateway?.kill('SIGINT');
    assert.equal(await ended, 0);
    gateway = undefined;
    assertNothingLeft(localDir);
    const lines = said.errors().split('\n');
    assert.match(lines.find((line) => line.startsWith('no Java'))!, /install Java 17 or later/);
    const remedy = `run "node ${installed('scripts', 'postinstall.mjs')}"`;
    assert.equal(
      lines.find((line) => line.startsWith('not compiled'))?.endsWith(remedy),
      true,
      said.errors(),
    );
  });

  /** The installed gateway, for a user whose home directory is `home` and whose machine has no Java. */
  async function startGateway(home: string): Promise<{ ready: string; errors: () => string }> {
    const args = ['up', '-c', 'nimbus.thrift.port=0', '-c', 'egret.java.command=/no/such/java'];
    const started = spawn(at('npm', 'node_modules', '.bin', 'egret'), args, {
      cwd: at('npm'),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // it ends with the suite, however that ends
      env: { ...ownEnvironment(), HOME: home },
    });
    gateway = started;
    started.channel?.unref();
    let errors = '';
    started.stderr!.on('data', (bytes: Buffer) => (errors += bytes.toString('utf8')));
    const ready = await new Promise<string>((resolve, reject) => {
      createInterface({ input: started.stdout! }).on('line', resolve);
      started.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${errors}`)));
    });
    return { ready, errors: () => errors };
  }
});

const cmakeProject = `
cmake_minimum_required(VERSION 3.18)
project(echo LANGUAGES CXX)
find_package(egret 0.1 REQUIRED)
add_executable(echo echo.cpp)
target_link_libraries(echo PRIVATE egret::egret)
`;
const echoBolt = `
#include <egret/egret.hpp>

class Echo : public egret::BasicBolt {
 public:
  void process(const egret::Tuple& tuple) override { emit({tuple.get<std::string>(0)}); }
};

int main() {
  Echo bolt;
  return bolt.run();
}
`;

/** Runs a command to its end, and fails with what it printed when it fails. Answers what it printed. */
async function run(
  command: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...ownEnvironment(), ...env },
  });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  assert.equal(code, 0, `${command} ${args.join(' ')}\n${output}`);
  return output;
}

/**
 * The environment without what npm, which may have started the tests, hands to its scripts: the settings of
 * the checkout.
 */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
}

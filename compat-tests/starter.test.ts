import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesUnder } from './processes.ts';
import { eventually } from './records.ts';
import { root, startGateway } from './target.ts';

/** Storm has no counterpart: these are promises of `npm start` and of a gateway that a program starts. */
describe('a program that starts a gateway', () => {
  let scratch = '';
  let localDir = '';
  let show: ChildProcess | undefined;

  before(function () {
    if (process.env['EGRET_COMPAT_KIND'] === 'storm') this.skip();
  });
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'egret-starter-'));
    localDir = join(scratch, 'local');
  });
  afterEach(() => {
    show?.kill('SIGKILL');
    if (scratch !== '') rmSync(scratch, { recursive: true, force: true });
  });

  const everythingEnds = (): Promise<true> =>
    eventually('an end of all processes', () => (processesUnder(localDir).length === 0 ? true : undefined));

  it('and keeps a channel to it takes it along in order when it is gone', async () => {
    const { gateway } = await startGateway(localDir);
    const ended = new Promise((resolve) => gateway.once('exit', resolve));
    gateway.disconnect();
    assert.equal(await ended, 0);
    await everythingEnds();
  });

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`by npm start sees tuples flow, and ${signal} ends all of it`, async () => {
      show = spawn(
        process.execPath,
        [
          join(root, 'build/js/bin/start.js'),
          ...['-c', `storm.local.dir=${localDir}`, '-c', 'nimbus.thrift.port=0'],
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const ended = new Promise((resolve) => show?.once('exit', resolve));
      await shows(show, /^count +word_count +\d+ +\S+ +[1-9]/m);
      show.kill(signal);
      await ended;
      await everythingEnds();
    });
  }
});

function shows(show: ChildProcess, picture: RegExp): Promise<true> {
  let said = '';
  show.stdout!.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  return eventually(`${picture} on its output`, () => (picture.test(said) ? true : undefined));
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, waitFor } from '../base/index.ts';
import { EgretCommand, type Ended } from '../testing/egret-command.ts';

interface Line {
  readonly dlsn: string;
  readonly sequenceId: number;
  readonly text: string;
}

describe('egret dlog', function () {
  this.timeout(120_000);
  let dir: string;
  let started: EgretCommand[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-dlog-'));
    started = [];
  });
  afterEach(async () => {
    for (const each of started) {
      if (each.process.exitCode === null && each.process.signalCode === null) each.process.kill('SIGTERM');
      await each.ended;
    }
    rmSync(dir, { recursive: true, force: true });
  });

  const egret = (args: readonly string[], input: 'ignore' | 'pipe' = 'ignore'): EgretCommand => {
    const each = new EgretCommand([...args, '-c', `storm.local.dir=${dir}/local`], input);
    started.push(each);
    return each;
  };
  const dlog = (...args: string[]): Promise<Ended> => egret(['dlog', ...args]).ended;
  const up = async (): Promise<EgretCommand> => {
    const gateway = egret(['up', '-c', 'nimbus.thrift.port=0']);
    assert.ok((await gateway.ready()).get('dlog')! > 0);
    return gateway;
  };
  const append = (text: string): EgretCommand => {
    const command = egret(['dlog', 'append', 'words'], 'pipe');
    // It may end before it has read all.
    command.process.stdin!.on('error', () => undefined);
    command.process.stdin!.end(text);
    return command;
  };
  const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
  const tail = async (): Promise<Line[]> => {
    const { code, out, err } = await dlog('tail', 'words', '--no-follow', '--json');
    assert.deepEqual([code, err], [0, '']);
    return linesOf(out).map((line) => JSON.parse(line) as Line);
  };

  it('keeps what it printed, in order and once, over a gateway that is killed while lines come', async () => {
    let gateway = await up();
    assert.equal((await dlog('create', 'words')).code, 0);
    const text = Array.from({ length: 300_000 }, (_, index) => `line ${index}\n`).join('');
    const appending = append(text);
    await waitFor('some positions', () => appending.out.length > 5000 || undefined, {
      clock: systemClock,
      limitMs: 30_000,
    });
    gateway.process.kill('SIGKILL');
    const cut = await appending.ended;
    assert.equal(cut.code, 1);
    assert.match(
      cut.err,
      /^the gateway went away \(.*\); \d+ lines are durable; the \d+ sent after them may/,
    );
    const printed = linesOf(cut.out);
    assert.ok(printed.length < 300_000, 'it was killed too late to show anything');

    gateway = await up();
    const found = await tail();
    assert.deepEqual(
      found.slice(0, printed.length).map(({ dlsn }) => dlsn),
      printed,
    );
    // What was sent and not acknowledged may be there, but nothing behind a hole, and nothing twice.
    assert.deepEqual(
      found.map(({ text: line, sequenceId }) => [line, sequenceId]),
      found.map((_, index) => [`line ${index}`, index]),
    );

    // The dead gateway's lease names an address where nobody is.
    const more = await append('more\nand more\n').ended;
    assert.deepEqual([more.code, more.err], [0, '']);
    const all = await tail();
    assert.deepEqual(
      all.slice(found.length).map(({ dlsn, text: line }) => [dlsn, line]),
      linesOf(more.out).map((dlsn, index) => [dlsn, ['more', 'and more'][index]]),
    );
    gateway.process.kill('SIGTERM');
    assert.equal((await gateway.ended).code, 0);
  });

  it('follows a stream until it is ended, and says so when the gateway goes away', async () => {
    const gateway = await up();
    await dlog('create', 'words');
    const following = egret(['dlog', 'tail', 'words', '--raw']);
    const appended = await append('one\n\ntwo').ended;
    assert.equal(linesOf(appended.out).length, 3);
    await waitFor('three records', () => following.out === 'one\n\ntwo\n' || undefined, {
      clock: systemClock,
      limitMs: 30_000,
    });
    assert.match((await dlog('append', 'nothing')).err, /^there is no stream default\/nothing: make it with/);
    assert.match((await dlog('show', 'words')).out, /^default\/words: next record at 1:\d+:0, written by /);
    const third = linesOf(appended.out)[2]!;
    assert.match((await dlog('truncate', 'words', third)).out, new RegExp(`begins at ${third}\n$`));
    assert.deepEqual(
      (await tail()).map(({ text }) => text),
      ['two'],
    );
    assert.equal((await dlog('seal', 'words')).code, 0);
    assert.deepEqual(await following.ended, { code: 0, out: 'one\n\ntwo\n', err: '' });
    const refused = await append('three\n').ended;
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^line 1: .*END_OF_STREAM/);

    await dlog('create', 'other/words');
    assert.equal((await dlog('list', 'other')).out, 'other/words\n');
    const cut = egret(['dlog', 'tail', 'other/words']);
    const other = egret(['dlog', 'append', 'other/words'], 'pipe');
    other.process.stdin!.end('x\n');
    await waitFor('a record', () => cut.out !== '' || undefined, { clock: systemClock, limitMs: 30_000 });
    gateway.process.kill('SIGTERM');
    assert.equal((await gateway.ended).code, 0);
    const { code, err } = await cut.ended;
    assert.equal(code, 1);
    assert.match(err, /^the gateway went away \(.*\); 1:0:0 was printed last\n$/);
  });
});

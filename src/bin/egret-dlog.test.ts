import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, waitFor } from '../base/index.ts';
import type { EgretCommand, Ended } from '../testing/egret-command.ts';
import { EgretCommands } from '../testing/egret-commands.ts';

interface Line {
  readonly dlsn: string;
  readonly sequenceId: number;
  readonly text: string;
}

describe('egret dlog', function () {
  this.timeout(120_000);
  let dir: string;
  let commands: EgretCommands;
  beforeEach(() => {
    commands = new EgretCommands('dlog');
    dir = commands.dir;
  });
  afterEach(() => commands[Symbol.asyncDispose]());

  const egret = (args: readonly string[], input: 'ignore' | 'pipe' = 'ignore'): EgretCommand =>
    commands.start([...args, '-c', `storm.local.dir=${dir}/local`], input);
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
      /^lost the connection to the gateway \(.*\); \d+ lines are durable; the \d+ sent after them may/,
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

    // The dead gateway's lease names an address where nothing listens.
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
    assert.match(
      (await dlog('append', 'nothing')).err,
      /^there is no stream default\/nothing: create it with/,
    );
    assert.match((await dlog('show', 'words')).out, /^default\/words: next record at 1:\d+:0, owned by /);
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
    assert.match(err, /^lost the connection to the gateway \(.*\); 1:0:0 was printed last\n$/);
  });

  it('creates streams with settings, prints bytes safely and exactly, and releases streams', async () => {
    const gateway = await up();
    const made = await dlog('create', 'words', '--segment-bytes', '4096', '--retention-ms', '600000');
    assert.deepEqual([made.code, made.out], [0, 'Created stream: default/words\n']);
    const refusal = await dlog('create', 'other', '--segment-bytes', '1');
    assert.equal(refusal.code, 1);
    assert.match(refusal.err, /segmentBytes is 1, it must be a whole number from 4096 \[REQUEST_DENIED\]\n$/);
    assert.equal((await dlog('create', 'other', '--segment-bytes', 'many')).code, 2);
    assert.match((await dlog('show', 'words')).out, /^segmentBytes: 4096, retentionMs: 600000$/m);

    const binary = Buffer.from([0xff, 0x00, 0x1b, 0x5b, 0x32, 0x4a, 0x80]);
    const appending = egret(['dlog', 'append', 'words'], 'pipe');
    appending.process.stdin!.end(Buffer.concat([binary, Buffer.from('\nplain \\ text\n')]));
    const positions = linesOf((await appending.ended).out);
    const raw = egret(['dlog', 'tail', 'words', '--raw', '--no-follow']);
    await raw.ended;
    assert.deepEqual(Buffer.concat(raw.bytes), Buffer.concat([binary, Buffer.from('\nplain \\ text\n')]));
    const dump = linesOf((await dlog('dump', 'words')).out);
    assert.match(dump[0]!, /^Position +Sequence +Transaction +Bytes {2}Payload$/);
    assert.match(dump[1]!, new RegExp(`^${positions[0]} +0 +\\d+ +7 {2}\\\\xff\\\\x00\\\\x1b\\[2J\\\\x80$`));
    assert.match(dump[2]!, / {2}plain \\\\ text$/);
    const json = linesOf((await dlog('dump', 'words', '--json')).out).map(
      (line) => JSON.parse(line) as object,
    );
    assert.deepEqual(
      json.map((each) => ('base64' in each ? each.base64 : '')),
      [binary.toString('base64'), ''],
    );

    const owners = await dlog('owners', '--json');
    const [owner] = JSON.parse(owners.out) as { stream: string; owner: string; leaseLeftMs: number }[];
    assert.equal(owner!.stream, 'default/words');
    assert.match(owner!.owner, /:\d+$/);
    assert.ok(owner!.leaseLeftMs > 0);
    assert.equal((await dlog('release', 'words')).out, 'Released stream: default/words\n');
    assert.equal((await dlog('owners')).out, 'No stream has an owner.\n');
    assert.equal((await dlog('delete', 'words')).code, 0);
    const gone = await dlog('delete', 'words');
    assert.deepEqual([gone.code, gone.err.slice(0, 31)], [1, 'there is no stream default/word']);
    gateway.process.kill('SIGTERM');
    await gateway.ended;
    const away = await dlog('list');
    assert.deepEqual([away.code, away.err.startsWith('no gateway found')], [1, true]);
  });

  it('finds damage with and without a gateway, and drops only what the command names, keeping a copy', async () => {
    const second = async (): Promise<Ended> => egret(['up', '-c', 'nimbus.thrift.port=0']).ended;
    let gateway = await up();
    await dlog('create', 'words', '--segment-bytes', '4096');
    const lines = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(500)}`);
    const positions: string[] = [];
    // Each in an entry of its own.
    for (let from = 0; from < 40; from += 8)
      positions.push(...linesOf((await append(`${lines.slice(from, from + 8).join('\n')}\n`).ended).out));
    const good = await dlog('check', 'words');
    assert.equal(good.code, 0, good.out);
    assert.match(good.out, /1 streams, \d+ segments, 40 records, .*: 0 damaged, 0 repairable/);
    const running = await dlog('check', 'all', '--directory', `${dir}/local`);
    assert.deepEqual([running.code, /a gateway runs on/.test(running.err)], [1, true]);
    const refused = await second();
    assert.equal(refused.code, 1);
    assert.match(refused.err, /another gateway \(process \d+\) runs on storm.local.dir/);
    gateway.process.kill('SIGTERM');
    await gateway.ended;

    const damaged = positions.find((position) => position.startsWith('3:'))!;
    const path = join(dir, 'local/dlog/default/words/segments/0000000000000003.log');
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    const offline = await dlog('check', 'words', '--directory', `${dir}/local`, '--json');
    const { findings, wrong } = JSON.parse(offline.out) as {
      wrong: number;
      findings: Record<string, string>[];
    };
    assert.deepEqual([offline.code, wrong], [1, 1]);
    assert.deepEqual(
      findings.filter(({ kind }) => kind !== 'note').map(({ kind, file }) => [kind, file]),
      [['damage', 'segments/0000000000000003.log']],
    );

    const noLog = await dlog('check', 'all', '--directory', `${dir}/local/dlog/default/words/segments`);
    assert.equal(noLog.code, 1);
    assert.match(noLog.err, /is not the directory of a log, because it contains the file 0{15}\d\.log/);

    gateway = await up();
    const online = await dlog('check');
    assert.equal(online.code, 1);
    assert.match(
      online.out,
      /^damage default\/words segments\/0{15}3.log, byte 64, entry 0: the entry cannot be read/m,
    );
    const told = await dlog('repair', 'words');
    assert.equal(told.code, 1);
    assert.match(told.out, /repair default\/words --drop-after POSITION/);
    const kept = positions[positions.indexOf(damaged) - 1]!;
    const dropped = await dlog('repair', 'words', '--drop-after', kept);
    assert.equal(dropped.code, 0, dropped.out);
    const aside = /^What was dropped is kept in (.*)$/m.exec(dropped.out)![1]!;
    assert.deepEqual(readFileSync(join(aside, '0000000000000003.log')), bytes);
    assert.equal((await dlog('check')).code, 0);
    await append('more\n').ended;
    const found = (await tail()).map(({ text }) => text);
    assert.deepEqual(found, [...lines.slice(0, positions.indexOf(damaged)), 'more']);
    assert.match((await dlog('rebuild', 'all')).out, /^1 streams checked, 0 records/);
  });
});

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, waitFor } from '../src/base/index.ts';
import { DlogClient } from '../src/dlog-client/index.ts';
import { EgretCommand } from '../src/testing/egret-command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const host = '127.0.0.1';
const linesSent = 60_000;

/** A client library's example: `append|tail|truncate HOST:PORT STREAM [POSITION|--no-follow]`. */
const languages = {
  typescript: [process.execPath, '--import=tsx', join(root, 'src/testing/dlog/client-lines.ts')],
  java: [
    'java',
    '-cp',
    `${root}build/java/egret-dlog-client.jar:${root}build/java/lib-dlog-client/*`,
    'egret.dlog.example.Lines',
  ],
  python: ['python3', join(root, 'clients/python/examples/lines.py')],
} as const;
type Language = keyof typeof languages;

class Client {
  readonly process: ChildProcess;
  out = '';
  err = '';
  readonly ended: Promise<number | null>;

  constructor(language: Language, args: readonly string[], input = '') {
    const [command, ...rest] = languages[language];
    const pythonPath = `${root}clients/python/src:${root}build/python`;
    this.process = spawn(command, [...rest, ...args], {
      env: { ...process.env, PYTHONPATH: pythonPath },
    });
    this.process.stdout!.on('data', (bytes: Buffer) => {
      this.out += bytes.toString();
    });
    this.process.stderr!.on('data', (bytes: Buffer) => {
      this.err += bytes.toString();
    });
    // It may end before it has read all.
    this.process.stdin!.on('error', () => undefined);
    this.process.stdin!.end(input);
    this.ended = new Promise((resolve) => this.process.once('close', resolve));
  }

  get lines(): string[] {
    return this.out.split('\n').slice(0, -1);
  }

  async done(): Promise<string[]> {
    const code = await this.ended;
    assert.deepEqual([code, this.err.replaceAll(/^SLF4J.*\n/gm, '')], [0, '']);
    return this.lines;
  }
}

describe('clients of the log, in every language', function () {
  this.timeout(150_000);
  let dir: string;
  let gateway: EgretCommand | undefined;
  let port = 0;
  const clients: Client[] = [];
  const up = async (): Promise<void> => {
    const conf = [`storm.local.dir=${dir}`, 'nimbus.thrift.port=0', `egret.dlog.port=${port}`];
    gateway = new EgretCommand(['up', ...conf.flatMap((each) => ['-c', each])]);
    port = (await gateway.ready()).get('dlog')!;
  };
  const start = (language: Language, command: string, rest: readonly string[] = [], input = ''): Client => {
    const client = new Client(language, [command, `${host}:${port}`, `test/${language}`, ...rest], input);
    clients.push(client);
    return client;
  };
  const each = <T>(work: (language: Language) => Promise<T>): Promise<T[]> =>
    Promise.all((Object.keys(languages) as Language[]).map(work));

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-clients-'));
  });
  after(async () => {
    for (const { process: child } of clients) if (child.exitCode === null) child.kill('SIGKILL');
    for (const { ended } of clients) await ended;
    gateway?.process.kill('SIGTERM');
    await gateway?.ended;
    rmSync(dir, { recursive: true, force: true });
  });

  it('lose nothing that was acknowledged and keep the order, over a gateway that is killed in mid-append', async () => {
    await up();
    const control = new DlogClient({ homes: [{ host, port }] });
    await each((language) => control.create(`test/${language}`));
    const tails = new Map<Language, Client>();
    const appending = new Map<Language, Client>();
    const text = Array.from({ length: linesSent }, (_, index) => `line ${index}\n`).join('');
    for (const language of Object.keys(languages) as Language[]) {
      tails.set(language, start(language, 'tail'));
      appending.set(language, start(language, 'append', [], text));
    }
    await each(async (language) => {
      const { out } = await waitFor(
        `positions of ${language}`,
        () => (appending.get(language)!.out.length > 2000 ? appending.get(language)! : undefined),
        { clock: systemClock, limitMs: 60_000, everyMs: 1 },
      );
      assert.ok(out !== '');
    });
    gateway!.process.kill('SIGKILL');
    await gateway!.ended;
    await up();
    const printed = new Map<Language, string[]>();
    await each(async (language) => {
      const client = appending.get(language)!;
      const code = await client.ended;
      printed.set(language, client.lines);
      // A fast client may have had all its records acknowledged before the kill.
      if (client.lines.length === linesSent) return;
      assert.deepEqual([code, /unknown/.exec(client.err)?.[0]], [1, 'unknown'], `${language}: ${client.err}`);
    });
    const cut = [...printed.values()].filter(({ length }) => length < linesSent);
    assert.ok(cut.length > 0, 'it was killed too late to show anything');

    await each(async (language) => {
      const more = await start(language, 'append', [], 'more\nand more\n').done();
      const found = (await start(language, 'tail', ['--no-follow']).done()).map((line) => line.split('\t'));
      const acknowledged = printed.get(language)!;
      assert.deepEqual(
        found.slice(0, acknowledged.length).map(([position]) => position),
        acknowledged,
      );
      assert.deepEqual(found.slice(-2), [
        [more[0], 'more'],
        [more[1], 'and more'],
      ]);
      // What was sent and not acknowledged may be there, but nothing behind a hole, and nothing twice.
      assert.deepEqual(
        found.slice(0, -2).map(([, line]) => line),
        found.slice(0, -2).map((_, index) => `line ${index}`),
      );
      await control.seal(`test/${language}`);
      // It began before the kill, and ends with the stream.
      assert.deepEqual(
        (await tails.get(language)!.done()).map((line) => line.split('\t')),
        found,
      );
      const [begin] = await start(language, 'truncate', [more[0]!]).done();
      assert.equal(begin, more[0]);
      const rest = await start(language, 'tail', ['--no-follow']).done();
      assert.deepEqual(rest, [`${more[0]}\tmore`, `${more[1]}\tand more`]);
      const refused = start(language, 'append', [], 'late\n');
      assert.equal(await refused.ended, 1);
      assert.match(refused.err, /refused: .*END_OF_STREAM|refused: .*512/);
    });
  });
});

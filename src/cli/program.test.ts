import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/index.ts';
import { processStart } from '../child/index.ts';
import { keys, RecordStore, recordOf } from '../records/index.ts';
import { type NimbusFixture, openNimbusFixture } from '../testing/nimbus-fixture.ts';
import { endpointsPath, writeEndpoints } from './endpoints.ts';
import { runEgret } from './program.ts';

const checkoutDir = new URL('../../', import.meta.url).pathname;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('the command line', () => {
  let nimbus: NimbusFixture;
  let homeDir: string;
  before(async () => {
    nimbus = await openNimbusFixture(systemClock);
  });
  after(() => nimbus[Symbol.asyncDispose]());
  beforeEach(() => {
    homeDir = mkdtempSync(join(tmpdir(), 'egret-home-'));
  });
  afterEach(() => rmSync(homeDir, { recursive: true, force: true }));

  const run = async (
    args: readonly string[],
    env: Record<string, string> = {},
    checkout = checkoutDir,
  ): Promise<Ended> => {
    let out = '';
    let err = '';
    const world = {
      checkoutDir: checkout,
      homeDir,
      env,
      cwd: homeDir,
      input: () => process.stdin,
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
      write: () => assert.fail('no bytes are to be written'),
    };
    const code = await runEgret(args, world, () => assert.fail('no gateway is to be started'));
    return { code, out, err };
  };
  const here = (): string[] => ['-c', `nimbus.thrift.port=${nimbus.port}`];
  const kill = (name: string) => nimbus.client.call.killTopologyWithOpts({ name, options: { wait_secs: 0 } });

  it("prints Storm's table, to the letter", async () => {
    assert.deepEqual(await run(['list', ...here()]), { code: 0, out: 'No topologies running.\n', err: '' });
    const id = await nimbus.submit({ name: 'words' });
    const { out } = await run(['list', ...here()]);
    const lines = out.replaceAll(
      /^(words +ACTIVE +0 +0 +)\d+ {2,}/gm,
      (_, head: string) => `${head}0            `,
    );
    assert.equal(
      lines,
      'Topology_name        Status     Num_tasks  Num_workers  Uptime_secs  Topology_Id          Owner               \n' +
        '----------------------------------------------------------------------------------------\n' +
        `words                ACTIVE     0          0            0            ${id.padEnd(20)} tester              \n`,
    );
    const json = JSON.parse((await run(['list', '--json', ...here()])).out) as {
      id: string;
      owner: string;
    }[];
    assert.deepEqual(
      json.map((row) => [row.id, row.owner]),
      [[id, 'tester']],
    );
    await kill('words');
  });

  it("fails with Storm's words and exit code 1 on what is not alive", async () => {
    for (const command of [
      ['kill', 'gone'],
      ['activate', 'gone'],
      ['deactivate', 'gone'],
    ]) {
      assert.deepEqual(await run([...command, ...here()]), {
        code: 1,
        out: '',
        err: 'NotAliveException(msg:gone is not alive)\n',
      });
    }
  });

  it('deactivates, activates and kills', async () => {
    const id = await nimbus.submit({ name: 'words' });
    const status = async () => (await nimbus.client.call.getTopologySummary({ id })).status;
    assert.equal((await run(['deactivate', 'words', ...here()])).code, 0);
    assert.equal(await status(), 'INACTIVE');
    assert.equal((await run(['activate', ...here(), 'words'])).code, 0);
    assert.equal(await status(), 'ACTIVE');
    assert.equal((await run(['kill', '-w', '1000', 'words', ...here()])).code, 0);
    assert.equal(await status(), 'KILLED');
    await kill('words');
  });

  it('with -i kills what can be killed and still fails at the end; without it stops at the first failure', async () => {
    await nimbus.submit({ name: 'one' });
    await nimbus.submit({ name: 'two' });
    const first = await run(['kill', 'gone', 'one', ...here()]);
    assert.deepEqual([first.code, first.out], [1, '']);
    const second = await run(['kill', '-i', 'gone', 'one', 'two', ...here()]);
    assert.deepEqual(second, {
      code: 1,
      out: 'Killed topology: one\nKilled topology: two\n',
      err: 'NotAliveException(msg:gone is not alive)\n',
    });
    await Promise.all(['one', 'two'].map(kill));
  });

  it('finds the gateway by its endpoints file when nothing else is set', async () => {
    const localDir = join(homeDir, 'local');
    const service = { nimbus: { host: '127.0.0.1', port: nimbus.port } };
    writeEndpoints(localDir, {
      pid: process.pid,
      processStart: processStart(process.pid)!,
      services: service,
    });
    assert.equal((await run(['list', '-c', `storm.local.dir=${localDir}`])).code, 0);
  });

  /** An installation in which Storm's defaults name this port. */
  const installation = (port: number): string => {
    const dir = join(homeDir, `installation-${port}`);
    mkdirSync(join(dir, 'build'), { recursive: true });
    const defaults = { 'nimbus.seeds': ['127.0.0.1'], 'nimbus.thrift.port': port };
    writeFileSync(join(dir, 'build', 'storm-defaults.json'), JSON.stringify(defaults));
    return dir;
  };

  it('finds a gateway at the default address when no endpoints file names one', async () => {
    const list = (port: number) => run(['list'], {}, installation(port));
    assert.equal((await list(nimbus.port)).code, 0);
    const [localDir, dead] = [join(installation(nimbus.port), 'storm-local'), '1'];
    writeEndpoints(localDir, { pid: process.pid, processStart: dead, services: {} });
    assert.equal((await list(nimbus.port)).code, 0);
  });

  it('prefers the endpoints file to the default address, and an address that the user sets to both', async () => {
    const [nowhere, file] = [installation(1), join(homeDir, 'local')];
    const self = { pid: process.pid, processStart: processStart(process.pid)! };
    writeEndpoints(file, { ...self, services: { nimbus: { host: '127.0.0.1', port: nimbus.port } } });
    const flags = ['-c', `storm.local.dir=${file}`];
    assert.equal((await run(['list', ...flags], {}, nowhere)).code, 0);
    const set = await run(['list', ...flags, '-c', 'nimbus.thrift.port=1'], {}, nowhere);
    assert.match(set.err, /^no Nimbus answers: cannot connect to 127\.0\.0\.1:1: .*\n$/);
  });

  it('says in one line where it looked for a gateway, and what to do', async () => {
    const localDir = join(homeDir, 'local');
    const list = () => run(['list', '-c', `storm.local.dir=${localDir}`], {}, installation(1));
    const nowhere = await list();
    assert.equal(nowhere.code, 1);
    assert.match(
      nowhere.err,
      /^no gateway found: .*endpoints\.json does not exist, and no Nimbus answers at 127\.0\.0\.1:1 \(the default nimbus\.seeds and nimbus\.thrift\.port\); start a gateway with "egret up".*nimbus\.seeds.*\n$/,
    );
    writeEndpoints(localDir, { pid: process.pid, processStart: '1', services: {} });
    assert.match(
      (await list()).err,
      /^no gateway found: the gateway that wrote .* is no longer running, and .*\n$/,
    );
    writeFileSync(endpointsPath(localDir), '{');
    assert.match((await list()).err, /^no gateway found: .* cannot be read, and .*\n$/);
    const refused = await run(['list', '-c', 'nimbus.thrift.port=1']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^no Nimbus answers: .*localhost:1.*\n$/);
  });

  it('tries one seed after the other, from the file of the user', async () => {
    mkdirSync(join(homeDir, '.storm'));
    writeFileSync(
      join(homeDir, '.storm', 'storm.yaml'),
      `nimbus.seeds: ["no-such-host.invalid", "127.0.0.1"]\nnimbus.thrift.port: ${nimbus.port}\n`,
    );
    assert.equal((await run(['list'])).code, 0);
  });

  it('answers wrong usage with exit code 2 and one hint', async () => {
    for (const args of [
      [],
      ['lst'],
      ['list', '--nope'],
      ['kill'],
      ['kill', 'x', '-w', 'soon'],
      ['activate'],
      ['activate', 'a', 'b'],
      ['list', '-c', 'novalue'],
      ['jar', 'x.jar'],
    ]) {
      const { code, out, err } = await run(args);
      assert.deepEqual([args, code, out], [args, 2, '']);
      assert.match(err, /egret/);
    }
    assert.match((await run(['lst'])).err, /Did you mean list\?/);
  });

  it('teaches each command with an example', async () => {
    const ofGateway = 'up list jar kill activate deactivate rebalance get-errors monitor'.split(' ');
    const ofLog =
      'create list show append tail dump truncate seal delete rewind owners release check repair rebuild';
    for (const command of [...ofGateway, ...ofLog.split(' ').map((name) => `dlog ${name}`)]) {
      const { code, out } = await run([...command.split(' '), '--help']);
      assert.equal(code, 0);
      assert.match(out, new RegExp(`Example:\\n {2}.*egret ${command} `));
      const [, summary] = out.split('\n\n', 2);
      assert.match(summary!, /^[A-Z][a-z]+(?: \S+){4,8}\.$/, `${command}: five to nine words`);
    }
  });

  it('refuses what a jar cannot have yet, and a jar that is not there, before it starts a JVM', async () => {
    assert.match((await run(['jar', 'x.jar', 'Main', '--jars', 'a.jar'])).err, /--jars is not available yet/);
    assert.match(
      (await run(['jar', 'x.jar', 'Main', '--artifacts', 'a:b:1'])).err,
      /--artifacts is not available/,
    );
    assert.deepEqual(await run(['jar', 'x.jar', 'Main', ...here()]), {
      code: 1,
      out: '',
      err: 'x.jar: no such file\n',
    });
  });

  it('says what still works when there is no Java to run a jar with', async () => {
    writeFileSync(join(homeDir, 'x.jar'), '');
    const { code, out, err } = await run(['jar', 'x.jar', 'Main', ...here()], { JAVA_HOME: '/no/such/home' });
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^cannot run \/no\/such\/home\/bin\/java: .*JAVA_HOME.*Python.*JavaScript.*\n$/);
  });

  it('rebalances with the workers, executors and settings of its flags, and says so', async () => {
    const id = await nimbus.submit({ name: 'spread' });
    const asked = async () => recordOf(await new RecordStore(nimbus.store).read(keys.topology(id)))!;
    const flags = ['-w', '60', '-n', '3', '-e', 'count=2', '-e', 'words=4', '-t', '{"topology.debug":true}'];
    const settings = ['-c', 'topology.max.spout.pending=7', ...here()];
    assert.deepEqual(await run(['rebalance', 'spread', ...flags, ...settings]), {
      code: 0,
      out: 'Topology spread is rebalancing\n',
      err: '',
    });
    const { rebalance, status } = await asked();
    assert.equal(status, 'REBALANCING');
    assert.deepEqual([rebalance!.workers, rebalance!.executors], [3, { count: 2, words: 4 }]);
    assert.deepEqual(JSON.parse(rebalance!.confOverrides!), {
      'topology.max.spout.pending': 7,
      'topology.debug': true,
    });
    assert.ok(Math.abs(rebalance!.dueAtMs - systemClock.nowMs() - 60_000) < 30_000);
    const again = await run(['rebalance', 'spread', ...here()]);
    assert.equal(again.code, 1);
    assert.match(again.err, /No transition for event: REBALANCE, status: REBALANCING storm-id: spread-/);
    await kill('spread');
  });

  it('answers a rebalance in JSON, and with a code for what cannot be', async () => {
    await nimbus.submit({ name: 'told' });
    const json = await run(['rebalance', 'told', '-w', '60', '--json', ...here()]);
    assert.deepEqual([json.code, JSON.parse(json.out)], [0, { name: 'told', status: 'REBALANCING' }]);
    await kill('told');
    const gone = await run(['rebalance', 'gone', ...here()]);
    assert.deepEqual([gone.code, gone.err], [1, 'NotAliveException(msg:gone is not alive)\n']);
    for (const wrong of [
      ['-n', '0'],
      ['-e', 'count'],
      ['-e', 'count=-1'],
      ['-t', '[]'],
      ['-r', '{"a":1}'],
      [],
    ])
      assert.equal((await run(['rebalance', ...(wrong.length === 0 ? [] : ['told']), ...wrong])).code, 2);
  });
});

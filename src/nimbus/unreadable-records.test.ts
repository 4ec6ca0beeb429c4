import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonObject, type JsonValue, systemClock, waitFor } from '../base/index.ts';
import { keys } from '../records/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { type NimbusFixture, openNimbusFixture } from '../testing/nimbus-fixture.ts';

describe('a record of a topology that cannot be read', () => {
  let nimbus: NimbusFixture;
  let good: string;
  let bad: string;
  beforeEach(async () => {
    nimbus = await openNimbusFixture(new ManualClock(1_700_000_000_000));
    good = await nimbus.submit({ name: 'good' });
    bad = await nimbus.submit({ name: 'bad' });
  });
  afterEach(() => nimbus[Symbol.asyncDispose]());

  const until = (what: string, probe: () => boolean | Promise<boolean>) =>
    waitFor(what, async () => ((await probe()) ? true : undefined), { clock: systemClock, limitMs: 3000 });
  const recordOf = async (id: string): Promise<JsonObject> =>
    (await nimbus.store.read(keys.topology(id).path))!.value as JsonObject;
  const summaries = async (): Promise<Map<string, { status: string; sched_status?: string | undefined }>> => {
    const rows = await nimbus.client.call.getTopologySummaries({});
    const { topologies } = await nimbus.client.call.getClusterInfo({});
    assert.deepEqual(topologies, rows);
    return new Map(rows.map((row) => [row.name, row]));
  };
  const codeDir = (id: string): string => join(nimbus.localDir, 'supervisor', 'stormdist', id);

  it('is listed with the reason, whatever it is, and the others are as ever', async () => {
    const whole = await recordOf(bad);
    const broken: readonly (readonly [JsonValue, RegExp])[] = [
      [null, /it is null, expected an object/],
      ['half', /it is "half", expected an object/],
      [{}, /id is missing/],
      [{ ...whole, id: good }, /id is "good-1-1700000000", expected "bad-2-/],
      [{ ...whole, status: 'WEIRD' }, /status is "WEIRD", expected one of/],
      [{ ...whole, launchedAtSecs: 'x' }, /launchedAtSecs is "x", expected a number/],
      [{ ...whole, rebalance: 5 }, /rebalance is 5, expected an object/],
    ];
    for (const [value, reason] of broken) {
      await nimbus.store.put(keys.topology(bad).path, value);
      await nimbus.restart();
      const rows = await summaries();
      assert.deepEqual([...rows.keys()].sort(), ['bad', 'good']);
      assert.equal(rows.get('bad')!.status, 'UNREADABLE');
      assert.match(rows.get('bad')!.sched_status!, reason);
      assert.match(rows.get('bad')!.sched_status!, /topologies\/bad-2-.*Kill the topology/);
      assert.equal(rows.get('good')!.status, 'ACTIVE');
      const info = await nimbus.client.call.getTopologyInfoByName({ name: 'bad' });
      assert.match(info.errors.get('__system')![0]!.error, reason);
      await nimbus.client.call.deactivate({ name: 'good' });
      await nimbus.client.call.activate({ name: 'good' });
      await assert.rejects(nimbus.client.call.activate({ name: 'bad' }), reason);
      await assert.rejects(
        nimbus.client.call.getTopologyPageInfo({ id: bad, window: '600', is_include_sys: false }),
        reason,
      );
      assert.ok(existsSync(codeDir(bad)), 'its code stays: the record may be restored');
    }
  });

  it('is removed by a kill with all that belongs to it, and its name is free', async () => {
    await nimbus.store.put(keys.topology(bad).path, { half: true });
    await nimbus.client.call.killTopology({ name: 'bad' });
    await until('the end of its code', () => !existsSync(codeDir(bad)));
    assert.deepEqual(
      (await nimbus.records()).sort(),
      [keys.name('good').path, keys.topology(good).path].sort(),
    );
    await nimbus.submit({ name: 'bad' });
  });

  it('can be killed though its claim is lost, under the name that is listed', async () => {
    await nimbus.store.put(keys.topology(bad).path, { half: true });
    await nimbus.store.remove(keys.name('bad').path);
    const second = await nimbus.submit({ name: 'bad' });
    assert.deepEqual([...(await summaries()).keys()].sort(), ['bad', bad, 'good'].sort());
    await nimbus.client.call.killTopologyWithOpts({ name: bad, options: { wait_secs: 0 } });
    assert.deepEqual([...(await summaries()).keys()].sort(), ['bad', 'good']);
    assert.equal((await nimbus.client.call.getTopologySummaryByName({ name: 'bad' })).id, second);
  });

  it('does not reach outside by a key that is a path', async () => {
    writeFileSync(join(nimbus.localDir, 'mine'), '');
    await nimbus.store.put(keys.topology('../../mine').path, {});
    symlinkSync('/nowhere', codeDir('dangling'));
    await nimbus.restart();
    assert.ok((await summaries()).has('../../mine'));
    await nimbus.client.call.killTopology({ name: '../../mine' });
    await nimbus.restart();
    assert.ok(!(await summaries()).has('../../mine'));
    assert.ok(existsSync(join(nimbus.localDir, 'mine')));
  });

  it('blocks no name: an unreadable claim is re-created for the topology of that name, or dropped', async () => {
    await nimbus.store.put(keys.name('good').path, { who: 'knows' });
    await nimbus.store.put(keys.name('nobody').path, 5);
    await nimbus.restart();
    assert.equal((await nimbus.store.read(keys.name('good').path))!.value, good);
    assert.equal(await nimbus.store.read(keys.name('nobody').path), undefined);
    await nimbus.client.call.deactivate({ name: 'good' });
  });

  it('is one of many kinds: what else cannot be read is left out or said, and stops no answer', async () => {
    const { call } = nimbus.client;
    for (const value of [null, 5, {}, { plan: {} }, { plan: { containers: 1, tasks: {} }, reason: '' }]) {
      await nimbus.store.put(keys.assignment(bad).path, value);
      await nimbus.store.put(keys.heartbeat(bad, 1).path, value);
      await nimbus.store.put(keys.container(bad, 1).path, value);
      await nimbus.store.put(keys.supervisor('n').path, value);
      await nimbus.store.append(keys.errors(bad, 'words').path, value, 10);
      assert.match((await summaries()).get('bad')!.sched_status!, /assignments\/bad-2-\d+ cannot be read/);
      assert.deepEqual((await call.getTopologyInfo({ id: bad })).errors.get('words'), []);
      const page = await call.getTopologyPageInfo({ id: bad, window: '600+additions', is_include_sys: true });
      assert.equal(page.num_workers, 0);
      await call.getComponentPageInfo({
        topology_id: bad,
        component_id: 'words',
        window: '600',
        is_include_sys: true,
      });
      assert.deepEqual((await call.getClusterInfo({})).supervisors, []);
    }
  });

  describe('and a file of its code that cannot be read', () => {
    const file = (name: string): string => join(codeDir(bad), name);
    const damages: Readonly<Record<string, (path: string) => void>> = {
      'cut off': (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2)),
      empty: (path) => truncateSync(path, 0),
      'of zeros': (path) => writeFileSync(path, Buffer.alloc(100)),
      'of another type': (path) => writeFileSync(path, '[1]'),
      huge: (path) => truncateSync(path, 20 * 1024 * 1024),
      deep: (path) => writeFileSync(path, `${'['.repeat(200_000)}${']'.repeat(200_000)}`),
      'a pipe': (path) => {
        rmSync(path);
        execFileSync('mkfifo', [path]);
      },
    };
    for (const [how, damage] of Object.entries(damages)) {
      it(`is named in every answer that needs it, and in no other: ${how}`, async () => {
        const { call } = nimbus.client;
        const page = { id: bad, window: '600', is_include_sys: true };
        const needing: Readonly<Record<string, readonly (() => Promise<unknown>)[]>> = {
          'topology.json': [
            () => call.getTopologyInfo({ id: bad }),
            () => call.getTopology({ id: bad }),
            () => call.getTopologyPageInfo(page),
          ],
          'conf.json': [() => call.getTopologyPageInfo(page)],
          'stormcode.ser': [
            () => call.getUserTopology({ id: bad }),
            () => call.rebalance({ name: 'bad', options: { wait_secs: 0 } }),
          ],
          'stormconf.ser': [() => call.getTopologyConf({ id: bad })],
        };
        for (const [name, calls] of Object.entries(needing)) {
          const before = readFileSync(file(name));
          damage(file(name));
          for (const ask of calls) await assert.rejects(ask(), new RegExp(name.replace('.', '\\.')), name);
          const rows = await summaries();
          assert.deepEqual(
            [...rows.values()].map(({ status }) => status),
            ['ACTIVE', 'ACTIVE'],
          );
          await call.getTopologyInfo({ id: good });
          rmSync(file(name));
          writeFileSync(file(name), before);
        }
        for (const name of Object.keys(needing)) damage(file(name));
        await call.killTopologyWithOpts({ name: 'bad', options: {} });
        assert.equal((await summaries()).get('bad')!.status, 'KILLED');
        await call.killTopologyWithOpts({ name: 'bad', options: { wait_secs: 0 } });
        // One answer at a time: between the two that `summaries` compares, the topology may go.
        await until('its end', async () => {
          const rows = await call.getTopologySummaries({});
          return rows.every((row) => row.name !== 'bad');
        });
        assert.deepEqual([...(await summaries()).keys()], ['good']);
      });
    }
  });
});

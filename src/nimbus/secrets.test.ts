import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../base/index.ts';
import { type NimbusFixture, openNimbusFixture, upload } from '../testing/nimbus-fixture.ts';

const secret = 'sekret';

describe("the gateway's secrets", () => {
  let nimbus: NimbusFixture;
  let id = '';
  before(async () => {
    nimbus = await openNimbusFixture(systemClock, [
      `egret.redis.url=redis://user:${secret}@redis.example:6379`,
      `storm.zookeeper.auth.payload=super:${secret}`,
      `nimbus.thrift.tls.server.keystore.password=${secret}`,
    ]);
    id = await nimbus.submit({ name: 'words' });
  });
  after(() => nimbus[Symbol.asyncDispose]());

  const text = (value: unknown): string =>
    inspect(value, { depth: Number.POSITIVE_INFINITY, maxStringLength: null, maxArrayLength: null });

  it('are in no answer of any method', async () => {
    const { call } = nimbus.client;
    const [name, options, window] = ['words', {}, ':all-time'];
    const page = { id, window, is_include_sys: true };
    const answers: Record<string, () => Promise<unknown>> = {
      getLeader: () => call.getLeader({}),
      getNimbusConf: () => call.getNimbusConf({}),
      isTopologyNameAllowed: () => call.isTopologyNameAllowed({ name }),
      beginFileUpload: () => call.beginFileUpload({}),
      uploadChunk: () => call.uploadChunk({ location: '/none', chunk: Buffer.alloc(1) }),
      finishFileUpload: async () => call.finishFileUpload({ location: await call.beginFileUpload({}) }),
      submitTopology: async () => {
        const uploadedJarLocation = await upload(nimbus.client, Buffer.from('no jar'));
        const topology = await call.getUserTopology({ id });
        return call.submitTopology({ name: 'other', uploadedJarLocation, jsonConf: '{', topology });
      },
      submitTopologyWithOpts: () => nimbus.submit({ name: 'other', jar: Buffer.from('no jar') }),
      getClusterInfo: () => call.getClusterInfo({}),
      getTopologySummaries: () => call.getTopologySummaries({}),
      getTopologySummary: () => call.getTopologySummary({ id }),
      getTopologySummaryByName: () => call.getTopologySummaryByName({ name }),
      getTopologyInfo: () => call.getTopologyInfo({ id }),
      getTopologyInfoByName: () => call.getTopologyInfoByName({ name }),
      getTopologyInfoWithOpts: () => call.getTopologyInfoWithOpts({ id, options }),
      getTopologyInfoByNameWithOpts: () => call.getTopologyInfoByNameWithOpts({ name, options }),
      getTopologyConf: () => call.getTopologyConf({ id }),
      getUserTopology: () => call.getUserTopology({ id }),
      getTopology: () => call.getTopology({ id }),
      getTopologyPageInfo: () => call.getTopologyPageInfo(page),
      getComponentPageInfo: () =>
        call.getComponentPageInfo({ ...page, topology_id: id, component_id: 'words' }),
      getSupervisorPageInfo: () => call.getSupervisorPageInfo({ ...page, host: 'none' }),
      deactivate: () => call.deactivate({ name }),
      activate: () => call.activate({ name }),
      rebalance: () => call.rebalance({ name, options: { topology_conf_overrides: '[' } }),
      killTopologyWithOpts: () => call.killTopologyWithOpts({ name: 'none', options }),
      killTopology: () => call.killTopology({ name }),
    };
    for (const [method, answer] of Object.entries(answers)) {
      const shown = text(await answer().catch((error: unknown) => error));
      assert(!shown.includes(secret), `${method}: ${shown}`);
    }
    assert.deepEqual(Object.keys(answers).sort(), nimbus.methods);
    const conf = JSON.parse(await call.getNimbusConf({})) as Record<string, unknown>;
    assert.equal(conf['egret.redis.url'], 'redis://user:*****@redis.example:6379');
  });

  it('are in no file of a topology', () => {
    const files = nimbus.files().filter((file) => file.includes('stormdist'));
    assert(files.length > 3);
    for (const file of files) {
      const bytes = readFileSync(join(nimbus.localDir, file));
      const plain = file.endsWith('.ser') ? gunzipSync(bytes) : bytes;
      assert(!plain.includes(secret), file);
    }
  });

  it('are readable by the user of the gateway only: files with configuration and their directories are private', () => {
    const code = join(nimbus.localDir, 'supervisor', 'stormdist', id);
    for (const name of ['conf.json', 'stormconf.ser', 'stormcode.ser', 'topology.json', 'stormjar.jar'])
      assert.equal(statSync(join(code, name)).mode & 0o777, 0o600, name);
    for (const dir of readdirSync(nimbus.localDir, { recursive: true }) as string[]) {
      const found = lstatSync(join(nimbus.localDir, dir));
      if (found.isDirectory() && !dir.includes('resources')) assert.equal(found.mode & 0o777, 0o700, dir);
    }
  });
});

import assert from 'node:assert/strict';
import type { JsonObject, JsonValue } from '../base/index.ts';
import { streamManagerLimits } from '../container/stream-manager/limits.ts';
import { readSinkSettings, readSourceSettings } from '../container/task-hosts/durable/settings.ts';
import { jvmSettings } from '../container/task-hosts/jvm/settings.ts';
import { readShellSettings } from '../container/task-hosts/shell/settings.ts';
import { readConfText } from './conf-text.ts';
import { containerKeys } from './container-keys.ts';
import { containerNumber } from './container-values.ts';
import { findEgretConfFault } from './egret-conf.ts';
import type { KeySchema } from './key-schema.ts';

const faultOf = async (conf: JsonObject): Promise<string | undefined> =>
  findEgretConfFault(await readConfText(JSON.stringify(conf), 'the conf'));

describe('the keys of Egret in a topology', () => {
  const refused: readonly (readonly [key: string, value: JsonValue, fault: string])[] = [
    ['egret.heartbeat.secs', -1, 'a number from 0.1 to 2147483, got -1'],
    ['egret.heartbeat.secs', 1e-9, 'a number from 0.1 to 2147483, got 1e-9'],
    ['egret.heartbeat.secs', 1e7, 'a number from 0.1 to 2147483, got 10000000'],
    ['egret.shell.queue.high.bytes', -5, 'a number of at least 0, got -5'],
    ['egret.shell.queue.low.tuples', 'x', 'a number of at least 0, got "x"'],
    ['egret.process.stopped.secs', [2], 'a number of at least 0, got [2]'],
    ['topology.egret.backpressure.mode', 'hold', 'one of spout, drop, got "hold"'],
    ['topology.egret.durable.partitions', 1.5, 'an integer from 1 to 256, got 1.5'],
    ['topology.egret.durable.streams', ['a', ''], 'a list of texts that are not empty, got ["a",""]'],
    ['topology.egret.shell.task.ids.ahead', 'yes', 'true or false, got "yes"'],
    [
      'egret.dlog.kafka.bootstrap.servers',
      'nowhere',
      String.raw`a text like ^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$, got "nowhere"`,
    ],
  ];
  for (const [key, value, fault] of refused) {
    it(`are refused where a container could not use them: ${key} ${JSON.stringify(value)}`, async () => {
      assert.equal(await faultOf({ [key]: value }), `${key} must be ${fault}`);
    });
  }

  it('pass where a container can use them, null and unknown ones as well', async () => {
    const conf = {
      ...{
        'egret.heartbeat.secs': 0.1,
        'egret.shell.queue.high.bytes': 0,
        'egret.process.stopped.secs': 1e9,
      },
      ...{ 'topology.egret.durable.partitions': null, 'topology.egret.durable.retention.ms': 1e13 },
      ...{ 'topology.egret.backpressure.mode': 'drop', 'egret.of.tomorrow': -1, 'topology.egret.x': {} },
      ...{ constructor: 1, 'egret.dlog.kafka.bootstrap.servers': 'a:1,b:2' },
    };
    assert.equal(await faultOf(conf), undefined);
  });

  it('have the least values that containers take', () => {
    const readers: ((conf: JsonObject) => unknown)[] = [
      ...[readShellSettings, jvmSettings, streamManagerLimits, readSinkSettings, readSourceSettings],
      (conf) => containerNumber(conf, 'egret.heartbeat.secs'),
      (conf) => containerNumber(conf, 'egret.acker.trees.max'),
      (conf) => containerNumber(conf, 'egret.process.stopped.secs'),
    ];
    for (const [key, { minimum }] of Object.entries<KeySchema>(containerKeys)) {
      // The number of partitions is read at the submission, rates by a class of the JVM.
      if (minimum === undefined || /partitions$|per\.sec$/.test(key)) continue;
      const takes = (value: number): boolean =>
        readers.every((read) => {
          try {
            read({ [key]: value });
            return true;
          } catch {
            return false;
          }
        });
      assert(takes(minimum), `${key} ${minimum}`);
      assert(!takes(minimum - 0.001), `${key} ${minimum - 0.001}`);
    }
  });
});

describe('the environment of a topology', () => {
  const refused: readonly (readonly [environment: JsonObject, fault: RegExp])[] = [
    [{ '': 'x' }, /names that are not empty/],
    [{ 'A=B': 'x' }, /without "=" and NUL characters, got "A=B"/],
    [{ 'A\0': 'x' }, /without "=" and NUL characters, got "A\\u0000"/],
    [{ A: 'x\0' }, /values without NUL characters, which that of "A" has/],
    [{ A: 'x'.repeat(200_000) }, /less than 131071 bytes, .* "A" has 200002/],
  ];
  for (const [environment, fault] of refused) {
    it(`is refused where no process can be started with it: ${JSON.stringify(environment).slice(0, 30)}`, async () => {
      const found = await faultOf({ 'topology.environment': environment });
      assert.match(found ?? '', new RegExp(`^topology.environment must have .*${fault.source}`));
    });
  }

  it('may hold numbers, booleans and nulls, as it always could', async () => {
    assert.equal(
      await faultOf({ 'topology.environment': { A: 'ö=x', N: 1, T: true, GONE: null } }),
      undefined,
    );
    assert.equal(await faultOf({ 'topology.environment': null }), undefined);
  });

  it('is not the only thing that must be without NUL', async () => {
    assert.match(
      (await faultOf({ 'topology.worker.childopts': ['-Da', '-Db\0'] })) ?? '',
      /childopts must be without NUL/,
    );
    assert.equal(await faultOf({ 'topology.worker.childopts': String.raw`-Da=\u0000` }), undefined);
  });
});

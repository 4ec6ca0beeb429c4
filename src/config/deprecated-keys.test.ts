import assert from 'node:assert/strict';
import { readShellSettings } from '../container/task-hosts/shell/settings.ts';
import { deprecatedKeysOf, withCurrentNames } from './deprecated-keys.ts';

const former = {
  'egret.shell.message.bytes.max': 'egret.shell.message.max.bytes',
  'egret.shell.queue.bytes.high': 'egret.shell.queue.high.bytes',
  'egret.shell.queue.bytes.low': 'egret.shell.queue.low.bytes',
  'egret.shell.queue.tuples.high': 'egret.shell.queue.high.tuples',
  'egret.shell.queue.tuples.low': 'egret.shell.queue.low.tuples',
};

describe('deprecated configuration keys', () => {
  it('get their new name and keep their value', () => {
    for (const [key, successor] of Object.entries(former)) {
      const conf = withCurrentNames(new Map([[key, '7.0']]));
      assert.deepEqual([...conf], [[successor, '7.0']]);
    }
  });

  it('lose to the new name within one layer', () => {
    const both = [
      ['egret.shell.queue.high.bytes', '1'],
      ['egret.shell.queue.bytes.high', '2'],
    ] as const;
    for (const conf of [new Map(both), new Map(both.toReversed())]) {
      assert.deepEqual([...withCurrentNames(conf)], [['egret.shell.queue.high.bytes', '1']]);
    }
  });

  it('are reported once each with their successor, whatever number of configurations set them', () => {
    const conf = new Map([
      ['egret.shell.queue.tuples.high', '1'],
      ['egret.log.level', '"info"'],
    ]);
    assert.deepEqual(deprecatedKeysOf(conf, conf), [
      { key: 'egret.shell.queue.tuples.high', successor: 'egret.shell.queue.high.tuples' },
    ]);
    assert.deepEqual(deprecatedKeysOf(new Map([['egret.log.level', '"info"']])), []);
  });

  it('are still read by the container of a topology that was submitted with them', () => {
    const settings = (names: (key: string) => string): unknown =>
      readShellSettings(
        Object.fromEntries(Object.keys(former).map((key, index) => [names(key), 1000 + index])),
      );
    assert.deepEqual(
      settings((key) => key),
      settings((key) => former[key as keyof typeof former]),
    );
  });
});

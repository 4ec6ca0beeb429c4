import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cellName, cellOf, chooseContainment, ownCgroup } from './containment.ts';
import { parseReport } from './keeper.ts';

const helper = '/egret/helper';
const directory = '/sys/fs/cgroup/egret-1';
const missing = { missing: 'none' };

describe('the choice of a containment', () => {
  it('takes the best kind that is possible', () => {
    const kindOf = (findings: Parameters<typeof chooseContainment>[1]) =>
      chooseContainment('auto', findings).containment.kind;
    assert.equal(kindOf({ helper, directory }), 'cgroup');
    assert.equal(kindOf({ helper, directory: missing }), 'subreaper');
    assert.equal(kindOf({ helper: missing, directory: missing }), 'group');
    assert.equal(kindOf({ helper: missing, directory }), 'group');
  });

  it('says why it did not take a better one', () => {
    assert.deepEqual(chooseContainment('auto', { helper, directory }).reasons, []);
    const subreaper = chooseContainment('auto', { helper, directory: { missing: 'it is read-only' } });
    assert.deepEqual(subreaper.reasons, ['it is read-only']);
  });

  it('takes the kind that is asked for, or refuses with the key and the reason', () => {
    const found = { helper, directory };
    for (const kind of ['cgroup', 'subreaper', 'group'] as const)
      assert.equal(chooseContainment(kind, found).containment.kind, kind);
    const fault = { code: 'CONFIG_INVALID', message: /egret\.containment is cgroup.*it is read-only/ };
    assert.throws(
      () => chooseContainment('cgroup', { helper, directory: { missing: 'it is read-only' } }),
      fault,
    );
    assert.throws(() => chooseContainment('subreaper', { helper: missing, directory: missing }), {
      code: 'CONFIG_INVALID',
      message: /egret\.containment is subreaper/,
    });
  });
});

describe('the control group of this process', () => {
  const mount = (root: string, point: string) =>
    `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n` +
    `41 31 0:38 ${root} ${point} rw,relatime shared:9 - cgroup2 cgroup2 rw\n`;

  it('is found wherever version 2 is mounted', () => {
    const groups = '9:name=systemd:/\n4:memory:/a\n0::/user.slice/session 3.scope\n';
    assert.equal(
      ownCgroup(mount('/', '/sys/fs/cgroup'), groups),
      '/sys/fs/cgroup/user.slice/session 3.scope',
    );
    assert.equal(
      ownCgroup(mount('/', '/sys/fs/cgroup/unified'), '1:cpu:/\n0::/\n'),
      '/sys/fs/cgroup/unified/',
    );
    assert.equal(ownCgroup(mount('/user.slice', '/mnt/a\\040b'), groups), '/mnt/a b/session 3.scope');
  });

  it('is none where only version 1 is mounted, or the mount shows another part', () => {
    assert.equal(
      ownCgroup('40 31 0:37 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n', '0::/\n'),
      undefined,
    );
    assert.equal(ownCgroup(mount('/', '/sys/fs/cgroup'), '4:memory:/a\n'), undefined);
    assert.equal(ownCgroup(mount('/docker/1', '/sys/fs/cgroup'), '0::/docker/12\n'), undefined);
  });
});

describe('names of control groups', () => {
  const names = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.constantFrom('..', '/', 'a\n'),
  );

  it('are one plain part of a path, are none of the names of the kernel, and are kept if they are plain', () => {
    fc.assert(fc.property(names, (name) => assert.match(cellName(name), /^[A-Za-z0-9_-]{1,100}$/)));
    assert.equal(cellName('word-count-1-1700000000_1'), 'word-count-1-1700000000_1');
  });

  it('differ for different names', () => {
    fc.assert(fc.property(names, names, (a, b) => a === b || cellName(a) !== cellName(b)));
  });

  it('are needed for control groups only', () => {
    assert.deepEqual(cellOf({ kind: 'cgroup', helper, directory }, 'jvm-1'), {
      ...{ kind: 'cgroup', helper, directory: `${directory}/jvm-1` },
    });
    assert.deepEqual(cellOf({ kind: 'subreaper', helper }, 'jvm-1'), { kind: 'subreaper', helper });
  });
});

describe('the report of the helper', () => {
  it('names the pid, and what went wrong in whatever order', () => {
    assert.deepEqual(parseReport('P 17\n'), { pid: 17, fault: undefined });
    assert.deepEqual(parseReport('P 17\nE 2\n'), { pid: 17, fault: { kind: 'E', errno: 2 } });
    assert.deepEqual(parseReport('G 13\n'), { pid: undefined, fault: { kind: 'G', errno: 13 } });
    assert.deepEqual(parseReport(''), { pid: undefined, fault: undefined });
  });
});

import assert from 'node:assert/strict';
import { askOracle } from '../../../testing/oracle.ts';

interface Contract {
  readonly origin: string;
  readonly type: string;
  readonly members: readonly string[];
  readonly serialVersionUID: string;
  readonly fields: readonly string[];
  readonly serialised: string;
  readonly read?: unknown;
}
type Contracts = Readonly<Record<'ShellBolt' | 'ShellSpout', Contract>>;

describe("the classes under the names of Storm's shell components", () => {
  let storms: Contracts;
  let ours: Contracts;

  before(function () {
    this.timeout(60_000);
    storms = askOracle('ShellContract', { read: {} }) as unknown as Contracts;
    const read = { ShellBolt: storms.ShellBolt.serialised, ShellSpout: storms.ShellSpout.serialised };
    ours = askOracle('ShellContract', { read }, { ahead: ['egret-shell.jar'] }) as unknown as Contracts;
  });

  for (const name of ['ShellBolt', 'ShellSpout'] as const) {
    describe(name, () => {
      it('is ours where our jar is ahead, and Storm has its own', () => {
        assert.equal(ours[name].origin, 'egret-shell.jar');
        assert.match(storms[name].origin, /^storm-client-/);
      });

      it('has the public and protected members, parents and modifiers of its original', () => {
        assert.equal(ours[name].type, storms[name].type);
        assert.deepEqual(ours[name].members, storms[name].members);
      });

      it('has the serialVersionUID of its original, and reads no field as another type', () => {
        assert.equal(ours[name].serialVersionUID, storms[name].serialVersionUID);
        const original = new Set(storms[name].fields);
        assert.deepEqual(
          ours[name].fields.filter((field) => !original.has(field)),
          [],
        );
      });

      it("reads what a client serialised of a subclass with Storm's class", () => {
        assert.deepEqual(ours[name].read, {
          command: ['python3', 'a script.py'],
          env: { USERS: 'value' },
          changeDirectory: false,
          own: 42,
        });
      });
    });
  }
});

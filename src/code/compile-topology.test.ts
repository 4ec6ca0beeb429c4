import assert from 'node:assert/strict';
import type { JsonObject } from '../base/index.ts';
import { type StormTopology, withLogComponents } from '../rpc/index.ts';
import { shellTopology } from '../testing/nimbus-fixture.ts';
import { TopologyIndex } from '../topology/index.ts';
import { type CompiledTopology, compileTopology } from './compile-topology.ts';
import { readComponentConfs } from './component-confs.ts';

const conf: JsonObject = {
  'topology.workers': 2,
  'topology.message.timeout.secs': 30,
  'topology.egret.durable.streams': ['words'],
  'topology.egret.durable.partitions': 3,
};

async function compile(topology: StormTopology, origin: 'submitted' | 'stored'): Promise<CompiledTopology> {
  const source = { name: 'words', topology, origin, texts: await readComponentConfs(topology), conf };
  return compileTopology(source, () => Promise.resolve());
}

describe('compileTopology', () => {
  it('gives the same system topology for a submission and for what the code directory keeps of it', async () => {
    const submitted = await compile(shellTopology(), 'submitted');
    const kept = withLogComponents(shellTopology(), submitted.rewritten);
    const stored = await compile(kept, 'stored');
    assert.notEqual(submitted.rewritten, submitted.logical);
    // Components and their inputs may come in another order: spouts are kept before bolts.
    const byId = ({ system }: CompiledTopology) =>
      new Map(
        system.components.map(({ inputs, ...rest }) => [
          rest.id,
          { ...rest, inputs: new Set(inputs.map((input) => JSON.stringify(input))) },
        ]),
      );
    assert.deepEqual(byId(stored), byId(submitted));
    const tasks = ({ system }: CompiledTopology) => [...new TopologyIndex(system).taskToComponent()];
    assert.deepEqual(tasks(stored), tasks(submitted));
  });

  it('takes components of the log from a code directory only, never from a client', async () => {
    const { rewritten } = await compile(shellTopology(), 'submitted');
    const forged = withLogComponents(shellTopology(), rewritten);
    await assert.rejects(compile(forged, 'submitted'), { code: 'TOPOLOGY_INVALID' });
  });
});

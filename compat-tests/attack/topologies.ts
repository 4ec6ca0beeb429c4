import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TopologyBuilder } from '../../multilang/javascript/topology/index.mjs';
import { connectThrift, Nimbus } from '../../src/rpc/index.ts';
import { filesOfTopologies } from '../bad-luck.ts';
import { eventually } from '../records.ts';
import { root } from '../target.ts';
import type { AttackedGateway } from './gateway.ts';

const names = { steady: 'steady', hostile: 'hostile' } as const;

/**
 * The topologies beside an attack: one that must notice nothing, and one whose spout breaks every rule of the
 * pipe.
 */
export class AttackTopologies {
  readonly #gateway: AttackedGateway;
  readonly #acked: string;

  constructor(gateway: AttackedGateway) {
    this.#gateway = gateway;
    this.#acked = join(gateway.dir, 'acked');
  }

  async submit(seed: number): Promise<void> {
    const resources = join(this.#gateway.dir, 'resources');
    mkdirSync(resources);
    cpSync(fileURLToPath(new URL('./resources', import.meta.url)), resources, { recursive: true });
    execFileSync('python3', ['-m', 'egret', 'vendor', resources], {
      env: { ...process.env, PYTHONPATH: join(root, 'multilang/python/src') },
    });
    const conf = { 'attack.acked': this.#acked, 'attack.seed': seed, 'topology.max.spout.pending': 100 };
    for (const [name, script] of [
      [names.steady, 'steady_spout.py'],
      [names.hostile, 'hostile_spout.py'],
    ] as const)
      await built(script).submit(name, {
        nimbus: `127.0.0.1:${this.#gateway.ports.nimbus}`,
        resources,
        conf,
      });
    await eventually('the first acks of the steady topology', () => (this.acked > 10 ? true : undefined));
  }

  /** How many numbers of the steady topology were acked. */
  get acked(): number {
    return existsSync(this.#acked) ? readFileSync(this.#acked, 'utf8').split('\n').length - 1 : 0;
  }

  /** Kills both and waits until they are gone. */
  async kill(): Promise<void> {
    const address = { host: '127.0.0.1', port: this.#gateway.ports.nimbus };
    using client = await connectThrift(Nimbus, address, {
      timeoutMs: 30_000,
      addressKeys: 'nimbus.thrift.port',
    });
    for (const name of Object.values(names))
      await client.call.killTopologyWithOpts({ name, options: { wait_secs: 0 } });
    await eventually('an end of the files of the topologies', () =>
      filesOfTopologies(this.#gateway.localDir).length === 0 ? true : undefined,
    );
  }
}

function built(script: string): TopologyBuilder {
  const builder = new TopologyBuilder();
  builder.setSpout('spout', { script, outputs: ['value'], executionCommand: 'python3' });
  builder
    .setBolt('sink', { script: 'sink_bolt.py', outputs: [], executionCommand: 'python3' })
    .shuffleGrouping('spout');
  return builder;
}

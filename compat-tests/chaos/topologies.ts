import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ComponentOptions, TopologyBuilder } from '../../multilang/javascript/topology/index.mjs';
import { compatJar, stormJar } from '../storm-client.ts';
import { root, target } from '../target.ts';

/** What the topology is made of: see Chaos.java. */
export type Shape = 'java' | 'python' | 'mixed';

const parts = 4;

/** What every id must reach. */
export const places = ['straight', ...Array.from({ length: parts }, (_, part) => `parts/${part}`), 'joined'];

export interface ChaosTopology {
  readonly shape: Shape;
  readonly name: string;
  readonly workers: number;
  /** Where its tasks write their journals. */
  readonly out: string;
  /** New ids a second and spout task. */
  readonly pace: number;
  readonly conf: Readonly<Record<string, unknown>>;
}

/** Rejects with the client's words when it is refused. */
export async function submitChaos(topology: ChaosTopology): Promise<void> {
  const { shape, name, workers, out, pace } = topology;
  const conf = {
    'topology.workers': workers,
    'topology.message.timeout.secs': 10,
    'topology.max.spout.pending': 100,
    'topology.acker.executors': workers,
    'topology.subprocess.timeout.secs': 5,
    'chaos.out': out,
    'chaos.parts': parts,
    'chaos.pace': pace,
    'chaos.pending': 150,
    'chaos.fail': 20,
    'chaos.forget': 2,
    'chaos.fan.program': join(root, 'build/cpp/examples/split_sentence'),
    ...topology.conf,
  };
  if (shape === 'python') return submitScripts(name, conf);
  const args = Object.entries(conf).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const result = await stormJar(compatJar, 'egret.compat.Chaos', [shape, name, ...args]);
  if (result.code !== 0) throw new Error(`submitting ${name} ended with ${result.code}:\n${result.output}`);
}

async function submitScripts(name: string, conf: Readonly<Record<string, unknown>>): Promise<void> {
  const { host, port, scratch } = await target();
  const resources = join(scratch, `${name}-resources`);
  mkdirSync(resources, { recursive: true });
  cpSync(join(root, 'compat-tests/topologies/src/main/resources/resources'), resources, { recursive: true });
  execFileSync('python3', ['-m', 'egret', 'vendor', resources], {
    env: { ...process.env, PYTHONPATH: join(root, 'multilang/python/src') },
  });
  await scripts().submit(name, { nimbus: `${host}:${port}`, resources, conf });
}

function scripts(): TopologyBuilder {
  const builder = new TopologyBuilder();
  const python = (
    script: string,
    outputs: readonly string[],
    options: Partial<ComponentOptions> = {},
  ): ComponentOptions => ({ script, outputs, executionCommand: 'python3', ...options });
  builder.setSpout('ids', python('chaos_ids.py', ['line', 'key'], { parallelism: 2 }));
  builder
    .setBolt('fan', { script: 'chaos_fan.js', outputs: ['word'], parallelism: 2 })
    .shuffleGrouping('ids');
  builder.setBolt('straight', python('chaos_sink.py', [])).shuffleGrouping('ids');
  builder
    .setBolt('work', python('chaos_work.py', ['key', 'word'], { parallelism: 2 }))
    .shuffleGrouping('fan');
  builder.setBolt('parts', python('chaos_sink.py', [])).shuffleGrouping('work');
  builder
    .setBolt('join', { script: 'chaos_join.js', outputs: ['key'], parallelism: 2 })
    .fieldsGrouping('work', ['key']);
  const conf = { 'topology.tick.tuple.freq.secs': 1 };
  builder.setBolt('pair', python('chaos_pair.py', ['keys'], { conf })).shuffleGrouping('join');
  builder.setBolt('joined', python('chaos_sink.py', [])).shuffleGrouping('pair');
  return builder;
}

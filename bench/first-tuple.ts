import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, waitFor } from '../src/base/index.ts';
import {
  type ComponentCommon,
  connectThrift,
  Nimbus,
  type NimbusMethods,
  type StormTopology,
  type ThriftClient,
} from '../src/rpc/index.ts';
import { root, type System } from './system.ts';

/**
 * Submits a topology of two Python scripts as a client without Java does, and returns the milliseconds from
 * the accepted submission to the first tuple at the bolt.
 */
export async function pythonFirstTupleMs(system: System, scratch: string): Promise<number> {
  using client = await connectThrift(
    Nimbus,
    { host: '127.0.0.1', port: system.nimbusPort },
    { timeoutMs: 60_000, addressKeys: 'the bench' },
  );
  const name = `first-${systemClock.nowMs()}`;
  const stamp = join(scratch, name);
  const location = await upload(client, join(root, 'build', 'java', 'egret-bench.jar'));
  const jsonConf = JSON.stringify({
    'topology.workers': 1,
    'topology.acker.executors': 0,
    'bench.stamp': stamp,
  });
  await client.call.submitTopology({ name, uploadedJarLocation: location, jsonConf, topology });
  const acceptedMs = systemClock.nowMs();
  try {
    await waitFor('the first tuple', () => (existsSync(stamp) ? true : undefined), {
      clock: systemClock,
      limitMs: 60_000,
      everyMs: 5,
    });
    return Number(readFileSync(stamp, 'utf8')) - acceptedMs;
  } finally {
    await client.call.killTopologyWithOpts({ name, options: { wait_secs: 0 } });
  }
}

async function upload(client: ThriftClient<NimbusMethods>, jar: string): Promise<string> {
  const location = await client.call.beginFileUpload({});
  const bytes = readFileSync(jar);
  for (let start = 0; start < bytes.length; start += 307_200) {
    await client.call.uploadChunk({ location, chunk: bytes.subarray(start, start + 307_200) });
  }
  await client.call.finishFileUpload({ location });
  return location;
}

const python = (script: string) =>
  ({ kind: 'shell', value: { execution_command: 'python3', script } }) as const;
const outputs: ComponentCommon['streams'] = new Map([
  ['default', { output_fields: ['number'], direct: false }],
]);

const topology: StormTopology = {
  spouts: new Map([
    ['numbers', { spout_object: python('bench_numbers.py'), common: { inputs: [], streams: outputs } }],
  ]),
  bolts: new Map([
    [
      'stamp',
      {
        bolt_object: python('bench_stamp.py'),
        common: {
          inputs: [
            [
              { componentId: 'numbers', streamId: 'default' },
              { kind: 'shuffle', value: {} },
            ],
          ],
          streams: new Map(),
        },
      },
    ],
  ]),
  state_spouts: new Map(),
};

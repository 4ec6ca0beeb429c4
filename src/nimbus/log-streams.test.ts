import assert from 'node:assert/strict';
import { GatewayError, type JsonObject, type JsonValue } from '../base/index.ts';
import {
  type Component,
  type LogicalTopology,
  normalizeTopology,
  withDurableStreams,
} from '../topology/index.ts';
import { checkLogStreams } from './log-streams.ts';

const conf: JsonObject = { 'topology.egret.durable.streams': ['a'], 'topology.egret.durable.partitions': 2 };

function topology(): LogicalTopology {
  const java = { implementation: { kind: 'serialized_java' }, conf: {}, parallelismHint: 1 } as const;
  const components: Component[] = [
    {
      ...java,
      id: 'a',
      kind: 'spout',
      inputs: [],
      streams: { default: { fields: ['x', 'y'], direct: false } },
    },
    {
      ...{ ...java, id: 'b', kind: 'bolt', streams: {} },
      inputs: [{ sourceComponentId: 'a', sourceStreamId: 'default', grouping: { kind: 'shuffle' } }],
    },
  ];
  return withDurableStreams(normalizeTopology({ components }, conf), conf, 'words');
}

/** The answer for a topology whose stream is in the log with these settings. */
async function answer(found: JsonValue | undefined): Promise<string> {
  const settings = (stream: string): Promise<JsonValue> => {
    assert.equal(stream, 'topology-words/a.default.0');
    return found === undefined
      ? Promise.reject(new GatewayError('STREAM_UNKNOWN', 'there is none'))
      : Promise.resolve(found);
  };
  try {
    await checkLogStreams({ settings }, topology(), 'words');
    return 'taken';
  } catch (error) {
    assert(error instanceof GatewayError && error.code === 'TOPOLOGY_INVALID');
    return error.message;
  }
}

describe('checkLogStreams', () => {
  it('accepts a stream that does not exist yet, and one with the fields and partitions of the topology', async () => {
    assert.equal(await answer(undefined), 'taken');
    assert.equal(await answer({ fields: ['x', 'y'], partitions: 2, retentionMs: 5 }), 'taken');
  });

  it('refuses other fields, another number of partitions, and streams of no topology, and names the remedy', async () => {
    assert.match(
      await answer({ fields: ['x'], partitions: 2 }),
      /with the fields \["x"\], and is now submitted with \["x","y"\]/,
    );
    assert.match(
      await answer({ fields: ['x', 'y'], partitions: 1 }),
      /with 1 partitions, and .*partitions is 2/,
    );
    assert.match(
      await answer(null),
      /was not created for a topology.*egret dlog delete topology-words\/a\.default\.0/,
    );
  });

  it('does not accept the topology while the log is unavailable', async () => {
    const settings = (): Promise<JsonValue> => Promise.reject(new GatewayError('STATE_UNAVAILABLE', 'away'));
    await assert.rejects(checkLogStreams({ settings }, topology(), 'words'), { code: 'STATE_UNAVAILABLE' });
  });
});

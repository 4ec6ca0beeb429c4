import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../base/index.ts';
import { askOracle } from '../testing/oracle.ts';
import { describeStruct, structNamed, ThriftArbitraries } from '../testing/thrift-values.ts';
import { type Codec, decode, encode } from './codec.ts';
import * as storm from './gen/storm.ts';
import { parseIdl } from './idl.ts';

interface Answer {
  readonly made?: readonly {
    readonly type: string;
    readonly bytes: string;
    readonly description: JsonValue;
  }[];
  readonly read?: readonly { readonly bytes: string; readonly description: JsonValue }[];
}

const idl = parseIdl(readFileSync(new URL('../../thrift/storm.thrift', import.meta.url), 'utf8'));
const types = idl.structs.map((struct) => struct.name);
const codecs = storm as unknown as Readonly<Record<string, Codec<object>>>;

function ask(question: JsonObject): Answer {
  return askOracle('ThriftRoundTrip', question) as unknown as Answer;
}

describe('codecs of Storm types', () => {
  it('read what Java writes, and write it so that Java reads the same', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const made = ask({ make: { seed, perType: 12, types } }).made!;
    assert.equal(made.length, types.length * 12);
    const rewritten = made.map(({ type, bytes, description }) => {
      const value = decode(codecs[type]!, Buffer.from(bytes, 'base64'));
      assert.deepEqual(
        describeStruct(idl, structNamed(idl, type), value),
        description,
        `${type}, seed ${seed}`,
      );
      const again = encode(codecs[type]!, value);
      assert.equal(again.length, Buffer.from(bytes, 'base64').length, `${type}, seed ${seed}`);
      return { type, bytes: again.toString('base64') };
    });
    const read = ask({ read: rewritten }).read!;
    for (const [index, { type, description }] of made.entries()) {
      assert.deepEqual(read[index]!.description, description, `${type}, seed ${seed}`);
    }
  });

  it('write what Java reads, and read it back from Java unchanged', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const arbitraries = new ThriftArbitraries(idl);
    const values = idl.structs.flatMap((struct) =>
      fc.sample(arbitraries.ofStruct(struct), { seed, numRuns: 12 }).map((value) => ({ struct, value })),
    );
    const questions = values.map(({ struct, value }) => ({
      type: struct.name,
      bytes: encode(codecs[struct.name]!, value).toString('base64'),
    }));
    const read = ask({ read: questions }).read!;
    for (const [index, { struct, value }] of values.entries()) {
      const description = describeStruct(idl, struct, value);
      assert.deepEqual(read[index]!.description, description, `${struct.name}, seed ${seed}`);
      const back = decode(codecs[struct.name]!, Buffer.from(read[index]!.bytes, 'base64'));
      assert.deepEqual(describeStruct(idl, struct, back), description, `${struct.name}, seed ${seed}`);
    }
  });

  it('keep every input of a bolt that takes several streams of one component', () => {
    const input = (componentId: string, streamId: string): [storm.GlobalStreamId, storm.Grouping] => [
      { componentId, streamId },
      { kind: 'fields', value: [streamId] },
    ];
    const inputs = [input('a', 'x'), input('a', 'y'), input('b', 'x')];
    const common = { inputs, streams: new Map() };
    const bytes = encode(storm.ComponentCommon, common);
    const [answer] = ask({ read: [{ type: 'ComponentCommon', bytes: bytes.toString('base64') }] }).read!;
    assert.equal((answer!.description as { inputs: unknown[] }).inputs.length, 3);
    const back = decode(storm.ComponentCommon, Buffer.from(answer!.bytes, 'base64'));
    assert.deepEqual(
      new Set(back.inputs.map(([id]) => `${id.componentId} ${id.streamId}`)),
      new Set(['a x', 'a y', 'b x']),
    );
  });
});

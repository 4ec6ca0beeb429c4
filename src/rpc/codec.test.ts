import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError } from '../base/index.ts';
import * as c from './codec.ts';
import {
  ComponentCommon,
  ComponentObject,
  Grouping,
  SupervisorSummary,
  TopologySummary,
} from './gen/storm.ts';
import { struct } from './struct-codec.ts';

function refusal(run: () => unknown): GatewayError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    return error;
  }
  assert.fail('nothing was refused');
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

describe('codecs', () => {
  it('skip fields they do not know and fields of another type', () => {
    interface Wide {
      readonly componentId: string;
      readonly streamId: string;
      readonly later: readonly ReadonlyMap<string, bigint>[];
    }
    const wide = struct<Wide>('Wide', [
      { id: 9, name: 'later', requiredness: 'required', codec: c.list(c.map(c.string, c.i64)) },
      { id: 1, name: 'componentId', requiredness: 'required', codec: c.string },
      { id: 2, name: 'streamId', requiredness: 'required', codec: c.string },
    ]);
    const narrow = struct<{ readonly componentId: string; readonly streamId?: number }>('Narrow', [
      { id: 1, name: 'componentId', requiredness: 'required', codec: c.string },
      { id: 2, name: 'streamId', requiredness: 'optional', codec: c.i32 },
    ]);
    const bytes = c.encode(wide, { componentId: 'a', streamId: 'b', later: [new Map([['x', 1n]])] });
    assert.equal(c.decode(narrow, bytes).componentId, 'a');
    assert.equal(c.decode(narrow, bytes).streamId, undefined);
  });

  it('refuse a message with far more elements than bytes, in whichever containers they are', () => {
    const lists = c.list(c.list(c.binary));
    const empties = (count: number) => Array.from({ length: count }, () => Buffer.alloc(0));
    const few = c.encode(lists, [empties(40_000), empties(20_000)]);
    assert.equal(c.decode(lists, few)[1]!.length, 20_000);
    const many = c.encode(lists, [empties(60_000), empties(60_000)]);
    assert.match(refusal(() => c.decode(lists, many)).message, /more than 95\d{3} elements in its lists/);
    const long = c.encode(lists, [Array.from({ length: 100_000 }, () => Buffer.from('sixteen bytes, or'))]);
    assert.equal(c.decode(lists, long)[0]!.length, 100_000);
  });

  it('name the struct and the field when a required field is missing, in reading and in writing', () => {
    const common = hex('0d 0002 0b 0c 00000000 00');
    const error = refusal(() => c.decode(ComponentCommon, common));
    assert.equal(error.message, 'struct ComponentCommon: required field inputs is missing');
    const lacking = { id: 'x' } as unknown as TopologySummary;
    const written = refusal(() => c.encode(TopologySummary, lacking));
    assert.equal(written.message, 'struct TopologySummary: required field name is missing');
  });

  it('name the field whose value does not fit', () => {
    const summary = {
      id: 'x',
      name: 'x',
      num_tasks: 1.5,
      num_executors: 1,
      num_workers: 1,
      uptime_secs: 1,
      status: '',
    };
    const error = refusal(() => c.encode(TopologySummary, summary));
    assert.equal(error.message, 'TopologySummary.num_tasks cannot be written');
    assert.match(String(error.cause), /1\.5 is not a whole number of 32 bits/);
    assert.throws(() => c.encode(c.i64, 2n ** 63n), RangeError);
    assert.throws(() => c.encode(c.i16, 32768), RangeError);
  });

  it('keep the small whole numbers that Storm does not use', () => {
    for (const [codec, value] of [
      [c.byte, -128],
      [c.byte, 127],
      [c.i16, -32768],
    ] as const) {
      assert.equal(c.decode(codec, c.encode(codec, value)), value);
    }
  });

  it('take the default of a field that is missing, as a new Java instance would', () => {
    const given = { host: 'h', uptime_secs: 1, num_workers: 1, num_used_workers: 0, supervisor_id: 's' };
    const back = c.decode(SupervisorSummary, c.encode(SupervisorSummary, given));
    assert.equal(back.version, 'VERSION_NOT_PROVIDED');
  });

  it('refuse a union without a known member, saying what was there', () => {
    assert.match(refusal(() => c.decode(Grouping, hex('00'))).message, /union Grouping: .* found nothing/);
    assert.match(refusal(() => c.decode(Grouping, hex('08 0063 00000001 00'))).message, /found field 99/);
  });

  it('refuse a size that the bytes left cannot hold, or a negative one, without allocating for it', () => {
    for (const size of ['7fffffff', 'ffffffff', '00000002']) {
      const inputs = hex(`0d 0001 0c 0c ${size} 00`);
      assert.match(
        refusal(() => c.decode(ComponentCommon, inputs)).message,
        /a container claims -?\d+ elements/,
      );
    }
    assert.equal(refusal(() => c.decode(c.list(c.string), hex('0b 7fffffff'))).code, 'PROTOCOL_VIOLATION');
    assert.equal(refusal(() => c.decode(c.string, hex('ffffffff'))).code, 'PROTOCOL_VIOLATION');
    assert.match(refusal(() => c.decode(c.binary, hex('7fffffff 00'))).message, /ends too soon/);
  });

  it('refuse elements of another type than declared', () => {
    assert.match(
      refusal(() => c.decode(c.list(c.string), hex('08 00000001 00000000'))).message,
      /have type 8, expected 11/,
    );
  });

  it('refuse unlimited nesting in what they skip', () => {
    const nested = Buffer.concat([hex('0f 0063'), Buffer.from('0f00000001'.repeat(5000), 'hex')]);
    assert.equal(refusal(() => c.decode(ComponentObject, nested)).code, 'PROTOCOL_VIOLATION');
  });

  it('answer any bytes with a value or with PROTOCOL_VIOLATION', () => {
    const whole = c.encode(ComponentCommon, {
      inputs: [
        [
          { componentId: 'a', streamId: 's' },
          { kind: 'fields', value: ['x', 'y'] },
        ],
      ],
      streams: new Map([['default', { output_fields: ['w'], direct: false }]]),
      json_conf: '{}',
    });
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(flips, fc.nat(whole.length), (changes, length) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          c.decode(ComponentCommon, bytes.subarray(0, length));
        } catch (error) {
          assert.ok(error instanceof GatewayError && error.code === 'PROTOCOL_VIOLATION', String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

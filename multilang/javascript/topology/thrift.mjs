/**
 * The few structures of Storm's Thrift interface that a submission needs, written by hand on the protocol of
 * the package `thrift`: the code that its compiler makes for JavaScript turns a map keyed by a structure
 * (ComponentCommon.inputs) into an object, and so keeps one input at most. Ids and types are those of Storm
 * 2.8; a test has Java read the bytes.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The package `thrift`, loaded when it is first needed. Throws an Error that says what to install. */
export function thriftLibrary() {
  try {
    return require('thrift');
  } catch (cause) {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error('submitting a topology needs the packages thrift and fflate: npm install thrift fflate', {
      cause,
    });
  }
}

const types = { bool: 2, i32: 8, string: 11, struct: 12, map: 13, list: 15 };

/** A type knows its number on the wire and how to write a value. */
const string = { type: types.string, write: (out, value) => out.writeString(value) };
export const binary = { type: types.string, write: (out, value) => out.writeBinary(value) };
const bool = { type: types.bool, write: (out, value) => out.writeBool(value) };
const i32 = { type: types.i32, write: (out, value) => out.writeI32(value) };

/** A structure; fields are [id, name, type]. Fields of a value that are undefined are left out. */
function struct(...fields) {
  return {
    type: types.struct,
    write(out, value) {
      out.writeStructBegin('');
      for (const [id, name, type] of fields) {
        if (value[name] === undefined) continue;
        out.writeFieldBegin(name, type.type, id);
        type.write(out, value[name]);
        out.writeFieldEnd();
      }
      out.writeFieldStop();
      out.writeStructEnd();
    },
  };
}

/** A map; its value is an array of pairs, so that keys may be structures. */
function map(keyType, valueType) {
  return {
    type: types.map,
    write(out, pairs) {
      out.writeMapBegin(keyType.type, valueType.type, pairs.length);
      for (const [key, value] of pairs) {
        keyType.write(out, key);
        valueType.write(out, value);
      }
      out.writeMapEnd();
    },
  };
}

function list(elementType) {
  return {
    type: types.list,
    write(out, values) {
      out.writeListBegin(elementType.type, values.length);
      for (const value of values) elementType.write(out, value);
      out.writeListEnd();
    },
  };
}

const NullStruct = struct();
const GlobalStreamId = struct([1, 'componentId', string], [2, 'streamId', string]);
const Grouping = struct(
  [1, 'fields', list(string)],
  [2, 'shuffle', NullStruct],
  [3, 'all', NullStruct],
  [4, 'none', NullStruct],
  [5, 'direct', NullStruct],
  [8, 'local_or_shuffle', NullStruct],
);
const StreamInfo = struct([1, 'output_fields', list(string)], [2, 'direct', bool]);
const ShellComponent = struct([1, 'execution_command', string], [2, 'script', string]);
const ComponentObject = struct([2, 'shell', ShellComponent]);
const ComponentCommon = struct(
  [1, 'inputs', map(GlobalStreamId, Grouping)],
  [2, 'streams', map(string, StreamInfo)],
  [3, 'parallelism_hint', i32],
  [4, 'json_conf', string],
);
// SpoutSpec, Bolt and StateSpoutSpec differ only in the name of their first field, which is not on the wire.
const ComponentSpec = struct([1, 'object', ComponentObject], [2, 'common', ComponentCommon]);
const StormTopology = struct(
  [1, 'spouts', map(string, ComponentSpec)],
  [2, 'bolts', map(string, ComponentSpec)],
  [3, 'state_spouts', map(string, ComponentSpec)],
);
const SubmitOptions = struct([1, 'initial_status', i32]);

/** Arguments of the methods of Nimbus that a submission calls. */
export const methods = {
  getLeader: struct(),
  isTopologyNameAllowed: struct([1, 'name', string]),
  beginFileUpload: struct(),
  uploadChunk: struct([1, 'location', string], [2, 'chunk', binary]),
  finishFileUpload: struct([1, 'location', string]),
  submitTopologyWithOpts: struct(
    [1, 'name', string],
    [2, 'uploadedJarLocation', string],
    [3, 'jsonConf', string],
    [4, 'topology', StormTopology],
    [5, 'options', SubmitOptions],
  ),
};

export const initialStatus = { active: 1, inactive: 2 };

/** The value of a StormTopology for these structures. */
export function toThrift({ components }) {
  const specs = (wanted) =>
    [...components.values()]
      .filter(({ kind }) => kind === wanted)
      .map((component) => [component.id, specOf(component)]);
  return { spouts: specs('spout'), bolts: specs('bolt'), state_spouts: [] };
}

/** The StormTopology as Thrift's binary protocol writes it. */
export function encodeTopology(topology) {
  const { TBinaryProtocol, TBufferedTransport } = thriftLibrary();
  const chunks = [];
  const transport = new TBufferedTransport(undefined, (bytes) => chunks.push(bytes));
  const out = new TBinaryProtocol(transport);
  StormTopology.write(out, toThrift(topology));
  out.flush();
  return Buffer.concat(chunks);
}

/**
 * Reads a structure without its declaration into a Map from field id to value. Fields of other types are
 * skipped.
 */
export function readStruct(input) {
  const fields = new Map();
  input.readStructBegin();
  for (;;) {
    const { ftype, fid } = input.readFieldBegin();
    if (ftype === 0) break;
    if (ftype === types.struct) fields.set(fid, readStruct(input));
    else if (ftype === types.string) fields.set(fid, input.readString());
    else if (ftype === types.bool) fields.set(fid, input.readBool());
    else if (ftype === types.i32) fields.set(fid, input.readI32());
    else input.skip(ftype);
    input.readFieldEnd();
  }
  input.readStructEnd();
  return fields;
}

function specOf(component) {
  const inputs = component.inputs.map(({ source, stream, grouping }) => [
    { componentId: source, streamId: stream },
    { [grouping.kind]: grouping.kind === 'fields' ? grouping.fields : {} },
  ]);
  const streams = [...component.outputs].map(([name, { fields, direct }]) => [
    name,
    { output_fields: fields, direct },
  ]);
  const common = {
    inputs,
    streams,
    parallelism_hint: component.parallelism,
    json_conf: JSON.stringify(component.conf),
  };
  const shell = { execution_command: component.executionCommand, script: component.script };
  return { object: { shell }, common };
}

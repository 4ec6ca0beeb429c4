/**
 * rpc: the public Thrift interface. Types and codecs generated from thrift/*.thrift (gen/), a server and a
 * client of framed binary Thrift as Storm speaks it, and the conversion between Thrift's topology and ours.
 * Owns npm `thrift`.
 *
 * Conventions: field names are the IDL's; i64 is bigint; enums are their names; unions are `{kind, value}`;
 * sets are Set; maps with scalar keys are Map, all others arrays of pairs, in the order of the wire; what is
 * not set is undefined. The only place where GatewayErrors become Storm's exceptions is exceptions.ts. Start
 * at service.ts, then server.ts.
 */
export { connectThrift, type ThriftClient } from './client.ts';
export { decode, encode } from './codec.ts';
export { DeclaredException } from './exceptions.ts';
export * from './gen/dlog.ts';
export * from './gen/dlog-services.ts';
export * from './gen/services.ts';
export * from './gen/storm.ts';
export { ThriftServer } from './server.ts';
export type { Call, Handler } from './service.ts';
export { toLogicalTopology, toSystemStormTopology, withLogComponents } from './topology-conversion.ts';

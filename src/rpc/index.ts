/**
 * rpc: the public Thrift interface. Types and codecs generated from thrift/storm.thrift (gen/), a server and a client of
 * framed binary Thrift as Storm speaks it, and the conversion between Thrift's topology and ours. Owns npm `thrift`.
 *
 * Conventions: field names are the IDL's; i64 is bigint; enums are their names; unions are `{kind, value}`; maps and sets
 * with scalar keys are Map and Set, all others arrays (of pairs) in the order of the wire; what is not set is undefined.
 * The only place where GatewayErrors become Storm's exceptions is exceptions.ts.
 * Start at service.ts, then server.ts.
 */
export { connectThrift, type ThriftClient, type ThriftClientOptions } from './client.ts';
export { type Codec, decode, encode } from './codec.ts';
export { DeclaredException } from './exceptions.ts';
export { defaultFrameBytesMax } from './framing.ts';
export * from './gen/services.ts';
export * from './gen/storm.ts';
export { ThriftServer, type ThriftServerOptions } from './server.ts';
export type { Call, Caller, CallOptions, Handler, ServiceSpec } from './service.ts';
export { type ParseConf, toLogicalTopology, toSystemStormTopology } from './topology-conversion.ts';

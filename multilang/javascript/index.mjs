import egret from './index.cjs';

export const { BasicBolt, Bolt, Component, PipeTransport, ProtocolError, Spout, Tuple } = egret;

/** The few parts of npm `thrift` that wire.ts stands on, as version 0.24.0 behaves. */
declare module 'thrift/lib/nodejs/lib/thrift/framed_transport.js' {
  /** Used as a buffer in memory: reads from the bytes it is given. */
  class TFramedTransport {
    constructor(input: Buffer);
    borrow(): { readonly buf: Buffer; readonly readIndex: number; readonly writeIndex: number };
  }
  export = TFramedTransport;
}

declare module 'thrift/lib/nodejs/lib/thrift/binary_protocol.js' {
  import type TFramedTransport from 'thrift/lib/nodejs/lib/thrift/framed_transport.js';

  /** What writing needs of a transport. */
  interface WriteTransport {
    write(bytes: Buffer): void;
    setCurrSeqId(sequenceId: number): void;
  }

  class TBinaryProtocol {
    constructor(transport: TFramedTransport | WriteTransport, strictRead?: boolean, strictWrite?: boolean);

    /** `fname` is a Buffer when the header is an old one without a version. */
    readMessageBegin(): { readonly fname: string | Buffer; readonly mtype: number; readonly rseqid: number };
    readFieldBegin(): { readonly ftype: number; readonly fid: number };
    readMapBegin(): { readonly ktype: number; readonly vtype: number; readonly size: number };
    readListBegin(): { readonly etype: number; readonly size: number };
    readBool(): boolean;
    readByte(): number;
    readI16(): number;
    readI32(): number;
    /** A node-int64 Int64: eight bytes, big-endian, from `offset` of `buffer`. */
    readI64(): { readonly buffer: Buffer; readonly offset: number };
    readString(): string;
    /** A view into the bytes that are read. */
    readBinary(): Buffer;
    skip(type: number): void;

    writeMessageBegin(name: string, type: number, sequenceId: number): void;
    writeMessageEnd(): void;
    writeFieldBegin(name: string, type: number, id: number): void;
    writeFieldStop(): void;
    writeMapBegin(keyType: number, valueType: number, size: number): void;
    writeListBegin(elementType: number, size: number): void;
    writeBool(value: boolean): void;
    writeByte(value: number): void;
    writeI16(value: number): void;
    writeI32(value: number): void;
    writeString(value: string): void;
    writeBinary(value: Buffer): void;
  }
  export = TBinaryProtocol;
}

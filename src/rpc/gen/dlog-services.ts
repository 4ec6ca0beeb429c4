// Generated from thrift/dlog.thrift by `npm run gen`. Do not edit.

import * as c from '../codec.ts';
import { type Caller, type Handler, method, type ServiceSpec } from '../service.ts';
import * as t from './dlog.ts';

export interface DistributedLogServiceMethods {
  handshake: {
    readonly arguments: object;
    readonly result: t.ServerInfo;
  };
  handshakeWithClientInfo: {
    readonly arguments: {
      readonly clientInfo: t.ClientInfo;
    };
    readonly result: t.ServerInfo;
  };
  write: {
    readonly arguments: {
      readonly stream: string;
      readonly data: Buffer;
    };
    readonly result: t.WriteResponse;
  };
  writeWithContext: {
    readonly arguments: {
      readonly stream: string;
      readonly data: Buffer;
      readonly ctx: t.WriteContext;
    };
    readonly result: t.WriteResponse;
  };
  writeBulkWithContext: {
    readonly arguments: {
      readonly stream: string;
      readonly data: readonly Buffer[];
      readonly ctx: t.WriteContext;
    };
    readonly result: t.BulkWriteResponse;
  };
  truncate: {
    readonly arguments: {
      readonly stream: string;
      readonly dlsn: string;
      readonly ctx: t.WriteContext;
    };
    readonly result: t.WriteResponse;
  };
  release: {
    readonly arguments: {
      readonly stream: string;
      readonly ctx: t.WriteContext;
    };
    readonly result: t.WriteResponse;
  };
  create: {
    readonly arguments: {
      readonly stream: string;
      readonly ctx: t.WriteContext;
    };
    readonly result: t.WriteResponse;
  };
  getOwner: {
    readonly arguments: {
      readonly stream: string;
      readonly ctx: t.WriteContext;
    };
    readonly result: t.WriteResponse;
  };
  delete: {
    readonly arguments: {
      readonly stream: string;
      readonly ctx: t.WriteContext;
    };
    readonly result: t.WriteResponse;
  };
  seal: {
    readonly arguments: {
      readonly stream: string;
      readonly ctx: t.WriteContext;
    };
    readonly result: t.WriteResponse;
  };
  read: {
    readonly arguments: {
      readonly stream: string;
      readonly start: t.ReadFrom;
      readonly recordsMax: number;
      readonly bytesMax: number;
      readonly waitMs: number;
    };
    readonly result: t.ReadResponse;
  };
  listStreams: {
    readonly arguments: {
      readonly inNamespace: string;
    };
    readonly result: t.StreamsResponse;
  };
  describe: {
    readonly arguments: {
      readonly stream: string;
    };
    readonly result: t.StreamResponse;
  };
  deleteStream: {
    readonly arguments: {
      readonly stream: string;
    };
    readonly result: t.WriteResponse;
  };
  moveSubscriber: {
    readonly arguments: {
      readonly stream: string;
      readonly subscriber: string;
      readonly to: t.ReadFrom;
    };
    readonly result: t.WriteResponse;
  };
  createWith: {
    readonly arguments: {
      readonly stream: string;
      readonly settings: t.StreamSettings;
    };
    readonly result: t.WriteResponse;
  };
  namespaces: {
    readonly arguments: object;
    readonly result: t.NamespacesResponse;
  };
  owners: {
    readonly arguments: {
      readonly inNamespace: string;
    };
    readonly result: t.OwnersResponse;
  };
  check: {
    readonly arguments: {
      readonly stream: string;
      readonly fromLssn: bigint;
    };
    readonly result: t.CheckResponse;
  };
  repair: {
    readonly arguments: {
      readonly stream: string;
      readonly choice: t.RepairChoice;
    };
    readonly result: t.RepairResponse;
  };
  rebuild: {
    readonly arguments: {
      readonly stream: string;
    };
    readonly result: t.RebuildResponse;
  };
  readEntries: {
    readonly arguments: {
      readonly stream: string;
      readonly start: t.ReadFrom;
      readonly bytesMax: number;
      readonly waitMs: number;
    };
    readonly result: t.ReadEntriesResponse;
  };
}

/** DistributedLog's write proxy, with the reading side that it lacked. */
export const DistributedLogService: ServiceSpec<DistributedLogServiceMethods> = {
  name: 'DistributedLogService',
  methods: {
    handshake: method('handshake', [], { result: t.ServerInfo, }),
    handshakeWithClientInfo: method('handshakeWithClientInfo', [
      { id: 1, name: 'clientInfo', requiredness: 'required', codec: t.ClientInfo },
    ], { result: t.ServerInfo, }),
    write: method('write', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'data', requiredness: 'required', codec: c.binary },
    ], { result: t.WriteResponse, }),
    writeWithContext: method('writeWithContext', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'data', requiredness: 'required', codec: c.binary },
      { id: 3, name: 'ctx', requiredness: 'required', codec: t.WriteContext },
    ], { result: t.WriteResponse, }),
    writeBulkWithContext: method('writeBulkWithContext', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'data', requiredness: 'required', codec: c.list(c.binary) },
      { id: 3, name: 'ctx', requiredness: 'required', codec: t.WriteContext },
    ], { result: t.BulkWriteResponse, }),
    truncate: method('truncate', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'dlsn', requiredness: 'required', codec: c.string },
      { id: 3, name: 'ctx', requiredness: 'required', codec: t.WriteContext },
    ], { result: t.WriteResponse, }),
    release: method('release', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'ctx', requiredness: 'required', codec: t.WriteContext },
    ], { result: t.WriteResponse, }),
    create: method('create', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'ctx', requiredness: 'required', codec: t.WriteContext },
    ], { result: t.WriteResponse, }),
    getOwner: method('getOwner', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'ctx', requiredness: 'required', codec: t.WriteContext },
    ], { result: t.WriteResponse, }),
    delete: method('delete', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'ctx', requiredness: 'required', codec: t.WriteContext },
    ], { result: t.WriteResponse, }),
    seal: method('seal', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'ctx', requiredness: 'required', codec: t.WriteContext },
    ], { result: t.WriteResponse, }),
    read: method('read', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'start', requiredness: 'required', codec: t.ReadFrom },
      { id: 3, name: 'recordsMax', requiredness: 'required', codec: c.i32 },
      { id: 4, name: 'bytesMax', requiredness: 'required', codec: c.i32 },
      { id: 5, name: 'waitMs', requiredness: 'required', codec: c.i32 },
    ], { result: t.ReadResponse, }),
    listStreams: method('listStreams', [
      { id: 1, name: 'inNamespace', requiredness: 'required', codec: c.string },
    ], { result: t.StreamsResponse, }),
    describe: method('describe', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
    ], { result: t.StreamResponse, }),
    deleteStream: method('deleteStream', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
    ], { result: t.WriteResponse, }),
    moveSubscriber: method('moveSubscriber', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'subscriber', requiredness: 'required', codec: c.string },
      { id: 3, name: 'to', requiredness: 'required', codec: t.ReadFrom },
    ], { result: t.WriteResponse, }),
    createWith: method('createWith', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'settings', requiredness: 'required', codec: t.StreamSettings },
    ], { result: t.WriteResponse, }),
    namespaces: method('namespaces', [], { result: t.NamespacesResponse, }),
    owners: method('owners', [
      { id: 1, name: 'inNamespace', requiredness: 'required', codec: c.string },
    ], { result: t.OwnersResponse, }),
    check: method('check', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'fromLssn', requiredness: 'required', codec: c.i64 },
    ], { result: t.CheckResponse, }),
    repair: method('repair', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'choice', requiredness: 'required', codec: t.RepairChoice },
    ], { result: t.RepairResponse, }),
    rebuild: method('rebuild', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
    ], { result: t.RebuildResponse, }),
    readEntries: method('readEntries', [
      { id: 1, name: 'stream', requiredness: 'required', codec: c.string },
      { id: 2, name: 'start', requiredness: 'required', codec: t.ReadFrom },
      { id: 3, name: 'bytesMax', requiredness: 'required', codec: c.i32 },
      { id: 4, name: 'waitMs', requiredness: 'required', codec: c.i32 },
    ], { result: t.ReadEntriesResponse, }),
  },
};
export type DistributedLogServiceHandler = Handler<DistributedLogServiceMethods>;
export type DistributedLogServiceCaller = Caller<DistributedLogServiceMethods>;

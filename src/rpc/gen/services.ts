// Generated from thrift/storm.thrift by `npm run gen`. Do not edit.

import * as c from '../codec.ts';
import { type Caller, type Handler, method, type ServiceSpec } from '../service.ts';
import * as t from './storm.ts';

export interface NimbusMethods {
  submitTopology: {
    readonly arguments: {
      readonly name: string;
      readonly uploadedJarLocation: string;
      readonly jsonConf: string;
      readonly topology: t.StormTopology;
    };
    readonly result: void;
  };
  submitTopologyWithOpts: {
    readonly arguments: {
      readonly name: string;
      readonly uploadedJarLocation: string;
      readonly jsonConf: string;
      readonly topology: t.StormTopology;
      readonly options: t.SubmitOptions;
    };
    readonly result: void;
  };
  beginFileUpload: {
    readonly arguments: object;
    readonly result: string;
  };
  uploadChunk: {
    readonly arguments: {
      readonly location: string;
      readonly chunk: Buffer;
    };
    readonly result: void;
  };
  finishFileUpload: {
    readonly arguments: {
      readonly location: string;
    };
    readonly result: void;
  };
  downloadChunk: {
    readonly arguments: {
      readonly id: string;
    };
    readonly result: Buffer;
  };
  isTopologyNameAllowed: {
    readonly arguments: {
      readonly name: string;
    };
    readonly result: boolean;
  };
  uploadNewCredentials: {
    readonly arguments: {
      readonly name: string;
      readonly creds: t.Credentials;
    };
    readonly result: void;
  };
  killTopology: {
    readonly arguments: {
      readonly name: string;
    };
    readonly result: void;
  };
  killTopologyWithOpts: {
    readonly arguments: {
      readonly name: string;
      readonly options: t.KillOptions;
    };
    readonly result: void;
  };
  activate: {
    readonly arguments: {
      readonly name: string;
    };
    readonly result: void;
  };
  deactivate: {
    readonly arguments: {
      readonly name: string;
    };
    readonly result: void;
  };
  rebalance: {
    readonly arguments: {
      readonly name: string;
      readonly options: t.RebalanceOptions;
    };
    readonly result: void;
  };
  setLogConfig: {
    readonly arguments: {
      readonly name: string;
      readonly config: t.LogConfig;
    };
    readonly result: void;
  };
  getLogConfig: {
    readonly arguments: {
      readonly name: string;
    };
    readonly result: t.LogConfig;
  };
  debug: {
    readonly arguments: {
      readonly name: string;
      readonly component?: string | undefined;
      readonly enable: boolean;
      readonly samplingPercentage: number;
    };
    readonly result: void;
  };
  setWorkerProfiler: {
    readonly arguments: {
      readonly id: string;
      readonly profileRequest: t.ProfileRequest;
    };
    readonly result: void;
  };
  getComponentPendingProfileActions: {
    readonly arguments: {
      readonly id: string;
      readonly component_id: string;
      readonly action: t.ProfileAction;
    };
    readonly result: readonly t.ProfileRequest[];
  };
  beginCreateBlob: {
    readonly arguments: {
      readonly key: string;
      readonly meta: t.SettableBlobMeta;
    };
    readonly result: string;
  };
  beginUpdateBlob: {
    readonly arguments: {
      readonly key: string;
    };
    readonly result: string;
  };
  uploadBlobChunk: {
    readonly arguments: {
      readonly session: string;
      readonly chunk: Buffer;
    };
    readonly result: void;
  };
  finishBlobUpload: {
    readonly arguments: {
      readonly session: string;
    };
    readonly result: void;
  };
  cancelBlobUpload: {
    readonly arguments: {
      readonly session: string;
    };
    readonly result: void;
  };
  getBlobMeta: {
    readonly arguments: {
      readonly key: string;
    };
    readonly result: t.ReadableBlobMeta;
  };
  setBlobMeta: {
    readonly arguments: {
      readonly key: string;
      readonly meta: t.SettableBlobMeta;
    };
    readonly result: void;
  };
  beginBlobDownload: {
    readonly arguments: {
      readonly key: string;
    };
    readonly result: t.BeginDownloadResult;
  };
  downloadBlobChunk: {
    readonly arguments: {
      readonly session: string;
    };
    readonly result: Buffer;
  };
  deleteBlob: {
    readonly arguments: {
      readonly key: string;
    };
    readonly result: void;
  };
  listBlobs: {
    readonly arguments: {
      readonly session?: string | undefined;
    };
    readonly result: t.ListBlobsResult;
  };
  getBlobReplication: {
    readonly arguments: {
      readonly key: string;
    };
    readonly result: number;
  };
  updateBlobReplication: {
    readonly arguments: {
      readonly key: string;
      readonly replication: number;
    };
    readonly result: number;
  };
  isRemoteBlobExists: {
    readonly arguments: {
      readonly blobKey: string;
    };
    readonly result: boolean;
  };
  createStateInZookeeper: {
    readonly arguments: {
      readonly key: string;
    };
    readonly result: void;
  };
  getLeader: {
    readonly arguments: object;
    readonly result: t.NimbusSummary;
  };
  getNimbusConf: {
    readonly arguments: object;
    readonly result: string;
  };
  getClusterInfo: {
    readonly arguments: object;
    readonly result: t.ClusterSummary;
  };
  getTopologySummaries: {
    readonly arguments: object;
    readonly result: readonly t.TopologySummary[];
  };
  getTopologySummaryByName: {
    readonly arguments: {
      readonly name: string;
    };
    readonly result: t.TopologySummary;
  };
  getTopologySummary: {
    readonly arguments: {
      readonly id: string;
    };
    readonly result: t.TopologySummary;
  };
  getTopologyInfo: {
    readonly arguments: {
      readonly id: string;
    };
    readonly result: t.TopologyInfo;
  };
  getTopologyInfoByName: {
    readonly arguments: {
      readonly name: string;
    };
    readonly result: t.TopologyInfo;
  };
  getTopologyInfoWithOpts: {
    readonly arguments: {
      readonly id: string;
      readonly options: t.GetInfoOptions;
    };
    readonly result: t.TopologyInfo;
  };
  getTopologyInfoByNameWithOpts: {
    readonly arguments: {
      readonly name: string;
      readonly options: t.GetInfoOptions;
    };
    readonly result: t.TopologyInfo;
  };
  getTopologyPageInfo: {
    readonly arguments: {
      readonly id: string;
      readonly window?: string | undefined;
      readonly is_include_sys: boolean;
    };
    readonly result: t.TopologyPageInfo;
  };
  getSupervisorPageInfo: {
    readonly arguments: {
      readonly id?: string | undefined;
      readonly host?: string | undefined;
      readonly is_include_sys: boolean;
    };
    readonly result: t.SupervisorPageInfo;
  };
  getComponentPageInfo: {
    readonly arguments: {
      readonly topology_id: string;
      readonly component_id: string;
      readonly window?: string | undefined;
      readonly is_include_sys: boolean;
    };
    readonly result: t.ComponentPageInfo;
  };
  getTopologyConf: {
    readonly arguments: {
      readonly id: string;
    };
    readonly result: string;
  };
  getTopology: {
    readonly arguments: {
      readonly id: string;
    };
    readonly result: t.StormTopology;
  };
  getUserTopology: {
    readonly arguments: {
      readonly id: string;
    };
    readonly result: t.StormTopology;
  };
  getTopologyHistory: {
    readonly arguments: {
      readonly user?: string | undefined;
    };
    readonly result: t.TopologyHistoryInfo;
  };
  getOwnerResourceSummaries: {
    readonly arguments: {
      readonly owner?: string | undefined;
    };
    readonly result: readonly t.OwnerResourceSummary[];
  };
  getSupervisorAssignments: {
    readonly arguments: {
      readonly node: string;
    };
    readonly result: t.SupervisorAssignments;
  };
  sendSupervisorWorkerHeartbeats: {
    readonly arguments: {
      readonly heartbeats: t.SupervisorWorkerHeartbeats;
    };
    readonly result: void;
  };
  sendSupervisorWorkerHeartbeat: {
    readonly arguments: {
      readonly heatbeat: t.SupervisorWorkerHeartbeat;
    };
    readonly result: void;
  };
  processWorkerMetrics: {
    readonly arguments: {
      readonly metrics: t.WorkerMetrics;
    };
    readonly result: void;
  };
}

/** The calls that clients, the UI and supervisors make to nimbus. */
export const Nimbus: ServiceSpec<NimbusMethods> = {
  name: 'Nimbus',
  methods: {
    submitTopology: method('submitTopology', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
      { id: 2, name: 'uploadedJarLocation', requiredness: 'required', codec: c.string },
      { id: 3, name: 'jsonConf', requiredness: 'required', codec: c.string },
      { id: 4, name: 'topology', requiredness: 'required', codec: t.StormTopology },
    ], { exceptions: [{ id: 1, codec: t.AlreadyAliveException }, { id: 2, codec: t.InvalidTopologyException }, { id: 3, codec: t.AuthorizationException }], }),
    submitTopologyWithOpts: method('submitTopologyWithOpts', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
      { id: 2, name: 'uploadedJarLocation', requiredness: 'required', codec: c.string },
      { id: 3, name: 'jsonConf', requiredness: 'required', codec: c.string },
      { id: 4, name: 'topology', requiredness: 'required', codec: t.StormTopology },
      { id: 5, name: 'options', requiredness: 'required', codec: t.SubmitOptions },
    ], { exceptions: [{ id: 1, codec: t.AlreadyAliveException }, { id: 2, codec: t.InvalidTopologyException }, { id: 3, codec: t.AuthorizationException }], }),
    beginFileUpload: method('beginFileUpload', [], { result: c.string, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    uploadChunk: method('uploadChunk', [
      { id: 1, name: 'location', requiredness: 'required', codec: c.string },
      { id: 2, name: 'chunk', requiredness: 'required', codec: c.binary },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    finishFileUpload: method('finishFileUpload', [
      { id: 1, name: 'location', requiredness: 'required', codec: c.string },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    downloadChunk: method('downloadChunk', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
    ], { result: c.binary, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    isTopologyNameAllowed: method('isTopologyNameAllowed', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
    ], { result: c.bool, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    uploadNewCredentials: method('uploadNewCredentials', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
      { id: 2, name: 'creds', requiredness: 'required', codec: t.Credentials },
    ], { exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.InvalidTopologyException }, { id: 3, codec: t.AuthorizationException }], }),
    killTopology: method('killTopology', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
    ], { exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    killTopologyWithOpts: method('killTopologyWithOpts', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
      { id: 2, name: 'options', requiredness: 'required', codec: t.KillOptions },
    ], { exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    activate: method('activate', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
    ], { exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    deactivate: method('deactivate', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
    ], { exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    rebalance: method('rebalance', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
      { id: 2, name: 'options', requiredness: 'required', codec: t.RebalanceOptions },
    ], { exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.InvalidTopologyException }, { id: 3, codec: t.AuthorizationException }], }),
    setLogConfig: method('setLogConfig', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
      { id: 2, name: 'config', requiredness: 'required', codec: t.LogConfig },
    ], {}),
    getLogConfig: method('getLogConfig', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
    ], { result: t.LogConfig, }),
    debug: method('debug', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
      { id: 2, name: 'component', requiredness: 'optional', codec: c.string },
      { id: 3, name: 'enable', requiredness: 'required', codec: c.bool },
      { id: 4, name: 'samplingPercentage', requiredness: 'required', codec: c.double },
    ], { exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    setWorkerProfiler: method('setWorkerProfiler', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
      { id: 2, name: 'profileRequest', requiredness: 'required', codec: t.ProfileRequest },
    ], {}),
    getComponentPendingProfileActions: method('getComponentPendingProfileActions', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
      { id: 2, name: 'component_id', requiredness: 'required', codec: c.string },
      { id: 3, name: 'action', requiredness: 'required', codec: t.ProfileAction },
    ], { result: c.list(t.ProfileRequest), }),
    beginCreateBlob: method('beginCreateBlob', [
      { id: 1, name: 'key', requiredness: 'required', codec: c.string },
      { id: 2, name: 'meta', requiredness: 'required', codec: t.SettableBlobMeta },
    ], { result: c.string, exceptions: [{ id: 1, codec: t.AuthorizationException }, { id: 2, codec: t.KeyAlreadyExistsException }], }),
    beginUpdateBlob: method('beginUpdateBlob', [
      { id: 1, name: 'key', requiredness: 'required', codec: c.string },
    ], { result: c.string, exceptions: [{ id: 1, codec: t.AuthorizationException }, { id: 2, codec: t.KeyNotFoundException }], }),
    uploadBlobChunk: method('uploadBlobChunk', [
      { id: 1, name: 'session', requiredness: 'required', codec: c.string },
      { id: 2, name: 'chunk', requiredness: 'required', codec: c.binary },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    finishBlobUpload: method('finishBlobUpload', [
      { id: 1, name: 'session', requiredness: 'required', codec: c.string },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    cancelBlobUpload: method('cancelBlobUpload', [
      { id: 1, name: 'session', requiredness: 'required', codec: c.string },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    getBlobMeta: method('getBlobMeta', [
      { id: 1, name: 'key', requiredness: 'required', codec: c.string },
    ], { result: t.ReadableBlobMeta, exceptions: [{ id: 1, codec: t.AuthorizationException }, { id: 2, codec: t.KeyNotFoundException }], }),
    setBlobMeta: method('setBlobMeta', [
      { id: 1, name: 'key', requiredness: 'required', codec: c.string },
      { id: 2, name: 'meta', requiredness: 'required', codec: t.SettableBlobMeta },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }, { id: 2, codec: t.KeyNotFoundException }], }),
    beginBlobDownload: method('beginBlobDownload', [
      { id: 1, name: 'key', requiredness: 'required', codec: c.string },
    ], { result: t.BeginDownloadResult, exceptions: [{ id: 1, codec: t.AuthorizationException }, { id: 2, codec: t.KeyNotFoundException }], }),
    downloadBlobChunk: method('downloadBlobChunk', [
      { id: 1, name: 'session', requiredness: 'required', codec: c.string },
    ], { result: c.binary, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    deleteBlob: method('deleteBlob', [
      { id: 1, name: 'key', requiredness: 'required', codec: c.string },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }, { id: 2, codec: t.KeyNotFoundException }, { id: 3, codec: t.IllegalStateException }], }),
    listBlobs: method('listBlobs', [
      { id: 1, name: 'session', requiredness: 'optional', codec: c.string },
    ], { result: t.ListBlobsResult, }),
    getBlobReplication: method('getBlobReplication', [
      { id: 1, name: 'key', requiredness: 'required', codec: c.string },
    ], { result: c.i32, exceptions: [{ id: 1, codec: t.AuthorizationException }, { id: 2, codec: t.KeyNotFoundException }], }),
    updateBlobReplication: method('updateBlobReplication', [
      { id: 1, name: 'key', requiredness: 'required', codec: c.string },
      { id: 2, name: 'replication', requiredness: 'required', codec: c.i32 },
    ], { result: c.i32, exceptions: [{ id: 1, codec: t.AuthorizationException }, { id: 2, codec: t.KeyNotFoundException }], }),
    isRemoteBlobExists: method('isRemoteBlobExists', [
      { id: 1, name: 'blobKey', requiredness: 'required', codec: c.string },
    ], { result: c.bool, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    createStateInZookeeper: method('createStateInZookeeper', [
      { id: 1, name: 'key', requiredness: 'required', codec: c.string },
    ], {}),
    getLeader: method('getLeader', [], { result: t.NimbusSummary, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    getNimbusConf: method('getNimbusConf', [], { result: c.string, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    getClusterInfo: method('getClusterInfo', [], { result: t.ClusterSummary, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    getTopologySummaries: method('getTopologySummaries', [], { result: c.list(t.TopologySummary), exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    getTopologySummaryByName: method('getTopologySummaryByName', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
    ], { result: t.TopologySummary, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getTopologySummary: method('getTopologySummary', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
    ], { result: t.TopologySummary, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getTopologyInfo: method('getTopologyInfo', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
    ], { result: t.TopologyInfo, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getTopologyInfoByName: method('getTopologyInfoByName', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
    ], { result: t.TopologyInfo, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getTopologyInfoWithOpts: method('getTopologyInfoWithOpts', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
      { id: 2, name: 'options', requiredness: 'required', codec: t.GetInfoOptions },
    ], { result: t.TopologyInfo, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getTopologyInfoByNameWithOpts: method('getTopologyInfoByNameWithOpts', [
      { id: 1, name: 'name', requiredness: 'required', codec: c.string },
      { id: 2, name: 'options', requiredness: 'required', codec: t.GetInfoOptions },
    ], { result: t.TopologyInfo, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getTopologyPageInfo: method('getTopologyPageInfo', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
      { id: 2, name: 'window', requiredness: 'optional', codec: c.string },
      { id: 3, name: 'is_include_sys', requiredness: 'required', codec: c.bool },
    ], { result: t.TopologyPageInfo, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getSupervisorPageInfo: method('getSupervisorPageInfo', [
      { id: 1, name: 'id', requiredness: 'optional', codec: c.string },
      { id: 2, name: 'host', requiredness: 'optional', codec: c.string },
      { id: 3, name: 'is_include_sys', requiredness: 'required', codec: c.bool },
    ], { result: t.SupervisorPageInfo, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getComponentPageInfo: method('getComponentPageInfo', [
      { id: 1, name: 'topology_id', requiredness: 'required', codec: c.string },
      { id: 2, name: 'component_id', requiredness: 'required', codec: c.string },
      { id: 3, name: 'window', requiredness: 'optional', codec: c.string },
      { id: 4, name: 'is_include_sys', requiredness: 'required', codec: c.bool },
    ], { result: t.ComponentPageInfo, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getTopologyConf: method('getTopologyConf', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
    ], { result: c.string, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getTopology: method('getTopology', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
    ], { result: t.StormTopology, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getUserTopology: method('getUserTopology', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
    ], { result: t.StormTopology, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    getTopologyHistory: method('getTopologyHistory', [
      { id: 1, name: 'user', requiredness: 'optional', codec: c.string },
    ], { result: t.TopologyHistoryInfo, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    getOwnerResourceSummaries: method('getOwnerResourceSummaries', [
      { id: 1, name: 'owner', requiredness: 'optional', codec: c.string },
    ], { result: c.list(t.OwnerResourceSummary), exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    getSupervisorAssignments: method('getSupervisorAssignments', [
      { id: 1, name: 'node', requiredness: 'required', codec: c.string },
    ], { result: t.SupervisorAssignments, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    sendSupervisorWorkerHeartbeats: method('sendSupervisorWorkerHeartbeats', [
      { id: 1, name: 'heartbeats', requiredness: 'required', codec: t.SupervisorWorkerHeartbeats },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    sendSupervisorWorkerHeartbeat: method('sendSupervisorWorkerHeartbeat', [
      { id: 1, name: 'heatbeat', requiredness: 'required', codec: t.SupervisorWorkerHeartbeat },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }, { id: 2, codec: t.NotAliveException }], }),
    processWorkerMetrics: method('processWorkerMetrics', [
      { id: 1, name: 'metrics', requiredness: 'required', codec: t.WorkerMetrics },
    ], {}),
  },
};
export type NimbusHandler = Handler<NimbusMethods>;
export type NimbusCaller = Caller<NimbusMethods>;

export interface SupervisorMethods {
  getLocalAssignmentForStorm: {
    readonly arguments: {
      readonly id: string;
    };
    readonly result: t.Assignment;
  };
  sendSupervisorAssignments: {
    readonly arguments: {
      readonly assignments: t.SupervisorAssignments;
    };
    readonly result: void;
  };
  sendSupervisorWorkerHeartbeat: {
    readonly arguments: {
      readonly heartbeat: t.SupervisorWorkerHeartbeat;
    };
    readonly result: void;
  };
}

/** The calls that nimbus and workers make to a supervisor. */
export const Supervisor: ServiceSpec<SupervisorMethods> = {
  name: 'Supervisor',
  methods: {
    getLocalAssignmentForStorm: method('getLocalAssignmentForStorm', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
    ], { result: t.Assignment, exceptions: [{ id: 1, codec: t.NotAliveException }, { id: 2, codec: t.AuthorizationException }], }),
    sendSupervisorAssignments: method('sendSupervisorAssignments', [
      { id: 1, name: 'assignments', requiredness: 'required', codec: t.SupervisorAssignments },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    sendSupervisorWorkerHeartbeat: method('sendSupervisorWorkerHeartbeat', [
      { id: 1, name: 'heartbeat', requiredness: 'required', codec: t.SupervisorWorkerHeartbeat },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
  },
};
export type SupervisorHandler = Handler<SupervisorMethods>;
export type SupervisorCaller = Caller<SupervisorMethods>;

export interface DistributedRPCMethods {
  execute: {
    readonly arguments: {
      readonly functionName: string;
      readonly funcArgs: string;
    };
    readonly result: string;
  };
}

/** The calls that a client makes to a DRPC server. */
export const DistributedRPC: ServiceSpec<DistributedRPCMethods> = {
  name: 'DistributedRPC',
  methods: {
    execute: method('execute', [
      { id: 1, name: 'functionName', requiredness: 'required', codec: c.string },
      { id: 2, name: 'funcArgs', requiredness: 'required', codec: c.string },
    ], { result: c.string, exceptions: [{ id: 1, codec: t.DRPCExecutionException }, { id: 2, codec: t.AuthorizationException }], }),
  },
};
export type DistributedRPCHandler = Handler<DistributedRPCMethods>;
export type DistributedRPCCaller = Caller<DistributedRPCMethods>;

export interface DistributedRPCInvocationsMethods {
  failRequest: {
    readonly arguments: {
      readonly id: string;
    };
    readonly result: void;
  };
  failRequestV2: {
    readonly arguments: {
      readonly id: string;
      readonly e: t.DRPCExecutionException;
    };
    readonly result: void;
  };
  fetchRequest: {
    readonly arguments: {
      readonly functionName: string;
    };
    readonly result: t.DRPCRequest;
  };
  result: {
    readonly arguments: {
      readonly id: string;
      readonly result: string;
    };
    readonly result: void;
  };
}

/** The calls that workers make to a DRPC server. */
export const DistributedRPCInvocations: ServiceSpec<DistributedRPCInvocationsMethods> = {
  name: 'DistributedRPCInvocations',
  methods: {
    failRequest: method('failRequest', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    failRequestV2: method('failRequestV2', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
      { id: 2, name: 'e', requiredness: 'required', codec: t.DRPCExecutionException },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    fetchRequest: method('fetchRequest', [
      { id: 1, name: 'functionName', requiredness: 'required', codec: c.string },
    ], { result: t.DRPCRequest, exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
    result: method('result', [
      { id: 1, name: 'id', requiredness: 'required', codec: c.string },
      { id: 2, name: 'result', requiredness: 'required', codec: c.string },
    ], { exceptions: [{ id: 1, codec: t.AuthorizationException }], }),
  },
};
export type DistributedRPCInvocationsHandler = Handler<DistributedRPCInvocationsMethods>;
export type DistributedRPCInvocationsCaller = Caller<DistributedRPCInvocationsMethods>;

/**
 * topology: what a topology is, and the decisions about it that need no process: validation, system topology, task ids,
 * executors, stream numbers, groupings. Pure: no sockets, files, timers or Redis. Oracle: storm-client's StormCommon.
 * Start at model.ts.
 */
export * from './model.ts';
export * from './records.ts';

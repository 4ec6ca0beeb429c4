/**
 * child: other programs as our processes: starting them, knowing them again, ending them. The only room that
 * starts a process.
 *
 * Three ways to start one: {@link spawnChild} (pipes to a program that dies with us), {@link spawnDetached}
 * (a program in a session of its own that outlives us), {@link runCommand} (a program we wait for). Piped and
 * detached programs lead a process group each, so ending one ends what it started as well. With a {@link
 * Containment} the helper in native/ keeps them together with what they start even when that leaves the
 * group; then the process that we start is the helper, and pids here are still those of the programs.
 *
 * Invariants: a process is known by pid and start time together, never by pid alone; how it ended is recorded
 * once; every end is SIGTERM, a grace, SIGKILL to the group, and may be asked for any number of times.
 * Whether one that still runs is stuck is decided by {@link Liveness}. Linux only: start times come from
 * /proc. Start at spawn.ts.
 */
export { sweepCells } from './cells.ts';
export { runCommand } from './command.ts';
export { type Containment, cellName, cellOf } from './containment.ts';
export { type DetachedProcess, prepareSpawning, spawnDetached } from './detached.ts';
export { endProcess } from './end.ts';
export { type ChildExit, describeExit } from './exit.ts';
export { endContained, type KeeperProcess } from './keeper.ts';
export { Liveness, type LivenessVerdict } from './liveness.ts';
export { closeContainment, openContainment } from './open-containment.ts';
export { endRecordedProcesses } from './pid-records.ts';
export { isSameProcess, isStopped, processStart } from './proc.ts';
export { type Child, type ChildSpec, spawnChild } from './spawn.ts';
export { watchProcess } from './watch.ts';

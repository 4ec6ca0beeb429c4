/**
 * code: from a submission to the directory that containers run from. Compiles what a client sent into the
 * system topology, lays the overrides of a rebalance over a configuration, unpacks the resources of a jar,
 * and keeps one code directory for each topology. Owner of yauzl.
 *
 * Invariants: the same conf texts and topology always compile to the same system topology; a code directory
 * appears with all its files or not at all; no file in it is larger than its readers accept; serialized Java
 * objects stay unread.
 * Start at compile-topology.ts, then code-directory.ts.
 */
export { CodeDirectories, type TopologyCode } from './code-directory.ts';
export { checkTopologyBytes } from './code-sizes.ts';
export { checkComponentConfs, compileTopology, writeSettings } from './compile-topology.ts';
export { readComponentConfs } from './component-confs.ts';
export { overlay, readMergedConf, readOverrides } from './conf-overrides.ts';
export { normalizeConf } from './normalize-conf.ts';

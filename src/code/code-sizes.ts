import { GatewayError } from '../base/index.ts';
import { confFileName, topologyFileName } from '../records/index.ts';
import { codeFileBytesMax } from '../topology/index.ts';
import { codeName, stormConfName, type TopologySettings } from './code-directory.ts';

/** The contents of each file, and how to make it smaller. */
const files = {
  [topologyFileName]: {
    content: 'its components and those that Storm adds',
    advice:
      'use fewer components, streams, inputs or metrics consumers, shorter names, or smaller component configurations',
  },
  [codeName]: {
    content: 'its components as they were submitted',
    advice:
      'use fewer or smaller serialized components, move data into files of the jar, or use smaller component configurations',
  },
  [confFileName]: {
    content: "the cluster's configuration and its own",
    advice: 'use a smaller topology configuration',
  },
  [stormConfName]: { content: 'its own configuration', advice: 'use a smaller topology configuration' },
};

/**
 * Throws `TOPOLOGY_INVALID` for a file of a code directory that is larger than Nimbus, the scheduler and
 * containers read. `bytes` is its size before compression; `isWhole` is false while only a part of the file
 * has been written.
 */
export function checkCodeFile(
  topology: string,
  file: keyof typeof files,
  bytes: number,
  isWhole = true,
): void {
  if (bytes <= codeFileBytesMax) return;
  const { content, advice } = files[file];
  throw new GatewayError(
    'TOPOLOGY_INVALID',
    `topology ${topology}: ${file} (${content}) has ${isWhole ? '' : 'at least '}${bytes} bytes, more than the ${codeFileBytesMax} that the gateway reads: ${advice}`,
    { facts: { topology, file, bytes, bytesMax: codeFileBytesMax } },
  );
}

/** Checks the files that follow from the configuration. Throws as {@link checkCodeFile} does. */
export function checkSettings(topology: string, settings: TopologySettings): void {
  checkCodeFile(topology, topologyFileName, Buffer.byteLength(settings.systemTopology));
  checkCodeFile(topology, confFileName, Buffer.byteLength(settings.mergedConf));
  checkCodeFile(topology, stormConfName, Buffer.byteLength(settings.stormConf));
}

/** Checks the topology as submitted, without its jar. Throws as {@link checkCodeFile} does. */
export function checkTopologyBytes(topology: string, topologyBytes: Uint8Array): void {
  checkCodeFile(topology, codeName, topologyBytes.length);
}

import { checkScripts, makeJar, resourceFiles } from './jar.mjs';
import { checkJson, TopologyError } from './model.mjs';
import { NimbusClient, SubmitError } from './nimbus.mjs';
import { initialStatus, toThrift } from './thrift.mjs';

/** As Storm's own client cuts them; a frame of Nimbus holds 1 MiB. */
const uploadChunkBytes = 307_200;

/**
 * Submits a topology; resolves when Nimbus has accepted it. Throws TopologyError when something here is wrong
 * and SubmitError when Nimbus cannot be reached or refuses. The options are described in index.d.mts.
 */
export async function submit(name, topology, options = {}) {
  const { nimbus = 'localhost:6627', resources = 'resources', conf = {}, active = true } = options;
  if (typeof name !== 'string' || !/^[^/.:\\]+$/.test(name))
    throw new TopologyError(
      `a topology's name must not be empty or hold any of / . : \\, got ${JSON.stringify(name)}`,
    );
  checkJson(conf, 'the conf of the topology');
  const files = resourceFiles(resources);
  checkScripts(topology, files);
  const jar = await makeJar(files, { includeRuntime: options.includeRuntime ?? true });
  const client = await NimbusClient.open(nimbus, options.timeoutMs ?? 60_000);
  try {
    if (!(await client.call('isTopologyNameAllowed', { name })))
      throw new SubmitError(
        `Nimbus at ${client.address} does not take the name '${name}': it is not allowed or in use`,
      );
    await client.call('submitTopologyWithOpts', {
      name,
      uploadedJarLocation: await upload(client, jar),
      jsonConf: JSON.stringify(conf),
      topology: toThrift(topology),
      options: { initial_status: active ? initialStatus.active : initialStatus.inactive },
    });
  } finally {
    client.close();
  }
}

async function upload(client, jar) {
  const location = await client.call('beginFileUpload', {});
  for (let start = 0; start < jar.length; start += uploadChunkBytes) {
    const chunk = Buffer.from(jar.subarray(start, start + uploadChunkBytes));
    await client.call('uploadChunk', { location, chunk });
  }
  await client.call('finishFileUpload', { location });
  return location;
}

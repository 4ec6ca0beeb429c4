import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseIdl } from '../src/rpc/idl.ts';
import { emitServices } from './gen-thrift-services.ts';
import { emitTypes } from './gen-thrift-types.ts';

const idlFile = fileURLToPath(new URL('../thrift/storm.thrift', import.meta.url));
const targetDirectory = fileURLToPath(new URL('../src/rpc/gen', import.meta.url));

/** Makes the TypeScript of src/rpc/gen from thrift/storm.thrift. */
export async function generateThrift(): Promise<void> {
  const document = parseIdl(await readFile(idlFile, 'utf8'));
  await mkdir(targetDirectory, { recursive: true });
  await writeFile(`${targetDirectory}/storm.ts`, emitTypes(document));
  await writeFile(`${targetDirectory}/services.ts`, emitServices(document));
}

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseIdl } from '../src/rpc/idl.ts';
import { emitServices } from './gen-thrift-services.ts';
import { emitTypes } from './gen-thrift-types.ts';

const sourceDirectory = fileURLToPath(new URL('../thrift', import.meta.url));
const targetDirectory = fileURLToPath(new URL('../src/rpc/gen', import.meta.url));

/** Each interface, and the file that its services become. */
const interfaces = [
  { name: 'storm', services: 'services' },
  { name: 'dlog', services: 'dlog-services' },
];

/** Makes the TypeScript of src/rpc/gen from thrift/*.thrift. */
export async function generateThrift(): Promise<void> {
  await mkdir(targetDirectory, { recursive: true });
  for (const { name, services } of interfaces) {
    const document = parseIdl(await readFile(`${sourceDirectory}/${name}.thrift`, 'utf8'));
    await writeFile(`${targetDirectory}/${name}.ts`, emitTypes(document, name));
    await writeFile(`${targetDirectory}/${services}.ts`, emitServices(document, name));
  }
}

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, GatewayError } from '../base/index.ts';
import { isSameProcess } from '../child/index.ts';

/**
 * Where the services of a running gateway listen. The gateway writes this to
 * `<storm.local.dir>/endpoints.json`.
 */
export interface Endpoints {
  readonly pid: number;
  /** Start time; with the pid it identifies one process, so that the file of a dead gateway is recognized. */
  readonly processStart: string;
  readonly services: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
}

export function endpointsPath(localDir: string): string {
  return join(localDir, 'endpoints.json');
}

/** Replaces the file atomically. */
export function writeEndpoints(localDir: string, endpoints: Endpoints): void {
  const path = endpointsPath(localDir);
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${endpoints.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(endpoints, null, 2)}\n`);
  renameSync(unfinished, path);
}

export function removeEndpoints(localDir: string): void {
  rmSync(endpointsPath(localDir), { force: true });
}

export type EndpointsSearch =
  | { readonly kind: 'found'; readonly endpoints: Endpoints }
  /** `reason` is a clause: "FILE does not exist". */
  | { readonly kind: 'none'; readonly reason: string };

/** Looks for the gateway that runs on `localDir`. */
export function findEndpoints(localDir: string): EndpointsSearch {
  const path = endpointsPath(localDir);
  let endpoints: Endpoints;
  try {
    endpoints = JSON.parse(readFileSync(path, 'utf8')) as Endpoints;
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'does not exist' : 'cannot be read';
    return { kind: 'none', reason: `${path} ${reason}` };
  }
  if (isSameProcess(endpoints.pid, endpoints.processStart)) return { kind: 'found', endpoints };
  return {
    kind: 'none',
    reason: `the gateway that wrote ${path} (process ${endpoints.pid}) is no longer running`,
  };
}

/** The endpoints of the gateway that runs on `localDir`. Throws `CONNECT_FAILED` if there is none. */
export function readEndpoints(localDir: string): Endpoints {
  const search = findEndpoints(localDir);
  if (search.kind === 'found') return search.endpoints;
  throw new GatewayError('CONNECT_FAILED', `no gateway found: ${search.reason}`, {
    facts: { path: endpointsPath(localDir) },
  });
}

/** Whether a gateway runs on `localDir`. */
export function isGatewayRunning(localDir: string): boolean {
  return findEndpoints(localDir).kind === 'found';
}

import { readFile } from 'node:fs/promises';
import type { Document } from 'yaml';
import { errorCode, GatewayError } from '../base/index.ts';
import { type ConfText, readConfText, writeLenient } from './conf-text.ts';

/** The values of one source, and its name for messages. */
export interface ConfLayer {
  /** `defaults`, the path of a file, or `-c`. */
  readonly origin: string;
  readonly conf: ConfText;
}

/**
 * Reads a `storm.yaml` as YAML 1.1, as Storm's snakeyaml does (`yes` is true, `010` is 8). Integers keep all
 * their digits. An empty file is an empty layer. Throws `CONFIG_UNREADABLE` naming the path, or
 * `CONFIG_INVALID` naming path and line.
 */
export async function readYamlLayer(path: string): Promise<ConfLayer> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'no such file' : (errorCode(error) ?? 'unreadable');
    throw new GatewayError('CONFIG_UNREADABLE', `configuration file ${path}: ${reason}`, {
      cause: error,
      facts: { path },
    });
  }
  const document = await parseYaml(text, path);
  const fault = document.errors[0];
  if (fault !== undefined) {
    const firstLine = fault.message.split('\n', 1)[0]!;
    throw new GatewayError('CONFIG_INVALID', `configuration file ${path}: ${firstLine}`, { facts: { path } });
  }
  const value = document.toJS({ maxAliasCount: 100 }) as unknown;
  if (value === null || value === undefined) return { origin: path, conf: new Map() };
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new GatewayError(
      'CONFIG_INVALID',
      `configuration file ${path} must hold keys and values (key: value)`,
    );
  }
  return {
    origin: path,
    conf: new Map(
      Object.entries(value).map(([key, member]) => [key, writeLenient(member, `configuration file ${path}`)]),
    ),
  };
}

async function parseYaml(text: string, path: string): Promise<Document> {
  const { parseDocument } = await import('yaml');
  try {
    return parseDocument(text, { version: '1.1', intAsBigInt: true, prettyErrors: true });
  } catch (error) {
    // The parser is recursive without a limit on its depth.
    if (!(error instanceof RangeError)) throw error;
    throw new GatewayError('CONFIG_INVALID', `configuration file ${path} is nested too deeply to be read`, {
      cause: error,
      facts: { path },
    });
  }
}

/**
 * Reads `-c key=value` flags; later ones win. As in Storm (Utils.readCommandLineOpts, 2.8), a value is read
 * as JSON if it is valid JSON, else as text. Throws `CONFIG_INVALID` for a flag without `=` or without a key.
 */
export function readFlagLayer(flags: readonly string[]): ConfLayer {
  const conf = new Map<string, string>();
  for (const flag of flags) {
    const split = flag.indexOf('=');
    if (split <= 0) throw new GatewayError('CONFIG_INVALID', `-c expects key=value, got "${flag}"`);
    conf.set(flag.slice(0, split).trim(), flagValue(flag.slice(split + 1)));
  }
  return { origin: '-c', conf };
}

/** Reads Storm's defaults, which setup writes from the released storm-client jar. */
export async function readDefaultsLayer(path: string): Promise<ConfLayer> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new GatewayError(
      'CONFIG_UNREADABLE',
      `Storm's defaults are missing at ${path}: run "npm run setup"`,
      {
        cause: error,
      },
    );
  }
  return { origin: 'defaults', conf: await readConfText(text, path) };
}

function flagValue(text: string): string {
  try {
    JSON.parse(text);
    return text.trim();
  } catch {
    return JSON.stringify(text);
  }
}

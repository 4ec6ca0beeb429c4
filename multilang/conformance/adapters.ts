import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';

export type Kind = 'bolt' | 'basic' | 'spout';

/** One implementation of the child's side, and where it may differ from the rest. */
export interface Adapter {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly command: (kind: Kind) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whose code it is: Storm's own files are driven through what they promise, ours through all of it. */
  readonly origin: 'ours' | 'storm';
  /** Whether emits ask for task ids only when the component wants them. */
  readonly asksOnlyWhenTold: boolean;
  /** Whether numbers that JavaScript writes without a fraction keep it (1.0). */
  readonly keepsWholeFloats: boolean;
  /** Whether whole numbers beyond 2^53 come back digit by digit. */
  readonly keepsBigIntegers: boolean;
  /** Whether it knows NaN and the infinities, which JSON lacks. */
  readonly keepsWords: boolean;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const fixtures = join(root, 'multilang/conformance/fixtures');
const pythonSource = join(root, 'multilang/python/src');
const everyKind: readonly Kind[] = ['bolt', 'basic', 'spout'];
const exact = { keepsWholeFloats: true, keepsBigIntegers: true, keepsWords: true };

/** Every adapter of this repository. */
export const ownAdapters: readonly Adapter[] = [
  {
    name: 'python',
    kinds: everyKind,
    command: (kind) => ['python3', join(fixtures, 'probe.py'), kind],
    env: { PYTHONPATH: pythonSource },
    origin: 'ours',
    asksOnlyWhenTold: true,
    ...exact,
  },
  {
    name: 'python in the place of storm.py',
    kinds: everyKind,
    command: (kind) => ['python3', join(fixtures, 'probe_storm.py'), kind],
    env: { PYTHONPATH: `${pythonSource}:${pythonSource}/egret/resources` },
    origin: 'ours',
    asksOnlyWhenTold: false,
    ...exact,
  },
  {
    name: 'javascript',
    kinds: everyKind,
    command: (kind) => [process.execPath, join(fixtures, 'probe.cjs'), kind],
    origin: 'ours',
    asksOnlyWhenTold: true,
    keepsWholeFloats: false,
    keepsBigIntegers: true,
    keepsWords: true,
  },
  {
    name: 'javascript in the place of storm.js',
    kinds: ['basic', 'spout'],
    command: (kind) => [
      process.execPath,
      join(fixtures, 'probe-storm.cjs'),
      kind,
      join(root, 'multilang/javascript/storm.js'),
    ],
    origin: 'ours',
    asksOnlyWhenTold: false,
    keepsWholeFloats: false,
    keepsBigIntegers: true,
    keepsWords: true,
  },
  {
    name: 'cpp',
    kinds: everyKind,
    command: (kind) => [join(root, 'build/cpp/tests/egret_probe'), kind],
    origin: 'ours',
    asksOnlyWhenTold: true,
    ...exact,
  },
];

let stockDirectory: string | undefined;

/** Storm's own adapters, as the topology jar that the set-up builds holds them; undefined before it has. */
export function stockAdapters(): readonly Adapter[] | undefined {
  const jar = join(root, 'build/java/egret-compat-topologies.jar');
  if (!existsSync(jar)) return undefined;
  stockDirectory ??= unpackStock(jar);
  const resources = join(stockDirectory, 'resources');
  const stock = { origin: 'storm', asksOnlyWhenTold: false } as const;
  return [
    {
      name: "Storm's storm.py",
      kinds: everyKind,
      command: (kind) => ['python3', join(fixtures, 'probe_storm.py'), kind],
      env: { PYTHONPATH: resources },
      ...stock,
      ...exact,
    },
    {
      name: "Storm's storm.js",
      kinds: ['basic', 'spout'],
      command: (kind) => [
        process.execPath,
        join(fixtures, 'probe-storm.cjs'),
        kind,
        join(resources, 'storm.js'),
      ],
      ...stock,
      keepsWholeFloats: false,
      keepsBigIntegers: false,
      keepsWords: false,
    },
  ];
}

/** Unpacks Storm's files into a scratch directory, which goes when this process ends. */
function unpackStock(jar: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'egret-stock-'));
  const entries = unzipSync(readFileSync(jar), {
    filter: ({ name }) => /^resources\/storm\.(py|js)$/.test(name),
  });
  for (const [name, content] of Object.entries(entries)) {
    const target = join(directory, name);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

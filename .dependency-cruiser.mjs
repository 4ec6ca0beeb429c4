/**
 * Lists which rooms each room may import, from the bottom up. A room may import only the doors of the rooms
 * listed for it.
 */
const allowed = {
  base: [],
  config: ['base'],
  child: ['base'],
  tuple: ['base'],
  rpc: ['base', 'topology'],
  coordination: ['base', 'child'],
  dlog: ['base', 'coordination'],
  'dlog-proxy': ['base', 'rpc', 'dlog'],
  'dlog-client': ['base', 'rpc'],
  topology: ['base', 'tuple'],
  records: ['base', 'topology', 'coordination'],
  packing: ['base', 'topology'],
  scheduler: ['base', 'topology', 'records', 'packing', 'coordination', 'child'],
  container: ['base', 'config', 'tuple', 'topology', 'records', 'coordination', 'child', 'dlog'],
  uploads: ['base'],
  code: ['base', 'config', 'rpc', 'topology', 'records'],
  queries: ['base', 'config', 'topology', 'records'],
  nimbus: ['base', 'config', 'rpc', 'topology', 'records', 'coordination', 'uploads', 'code', 'queries'],
  cli: ['base', 'config', 'rpc', 'child', 'tuple', 'topology', 'dlog', 'dlog-client'],
};

/**
 * The same inside the rooms that have rooms of their own, also from the bottom up: what each inner room may
 * import of its outer room, besides itself. A name that ends in `.ts` is a file that lies beside the inner
 * rooms.
 */
const innerAllowed = {
  container: {
    spec: [],
    links: ['spec'],
    'metrics-manager': ['spec', 'links'],
    'stream-manager': ['spec', 'links'],
    'topology-master': ['spec', 'links'],
    'task-hosts': ['spec', 'links', 'metrics-manager'],
    life: ['spec', 'links', 'metrics-manager', 'stream-manager', 'topology-master', 'task-hosts'],
  },
  'container/stream-manager': {
    route: ['limits.ts'],
    peers: ['limits.ts', 'route'],
    losses: ['route', 'peers'],
    flow: ['route', 'peers'],
  },
  'container/task-hosts': {
    emitting: ['deps.ts'],
    system: ['deps.ts'],
    jvm: ['deps.ts'],
    shell: ['deps.ts', 'emitting'],
    durable: ['deps.ts', 'emitting'],
  },
  dlog: {
    format: [],
    storage: ['format'],
    ownership: ['format', 'storage'],
    reader: ['format', 'storage'],
    writer: ['format', 'storage', 'ownership', 'reader', 'settings.ts'],
    check: ['format', 'storage', 'ownership', 'settings.ts'],
    repair: ['format', 'storage', 'ownership', 'reader', 'writer', 'check'],
  },
  'dlog/storage': { kafka: ['storage.ts', 'faults.ts', 'notes.ts'] },
};

/**
 * The door of an inner room, where it is not its index.ts: a pattern of file names, or `open` when any file
 * may be imported.
 */
const innerDoors = {
  'container/stream-manager/route': 'open',
  'container/stream-manager/peers': 'open',
  'container/stream-manager/losses': 'open',
  'container/stream-manager/flow': 'open',
  'dlog/format': 'open',
  'dlog/ownership': 'open',
  'dlog/reader': 'open',
  'dlog/writer': 'open',
  'dlog/check': 'open',
  'dlog/repair': 'open',
  // The storages beside kafka; kafka is loaded through open-storage.ts.
  'dlog/storage': '[^/]+\\.ts$',
  // The contract of a host, and the door of each kind, which is loaded when a task of that kind occurs.
  'container/task-hosts': '([^/]+|(system|jvm|shell|durable)/index)\\.ts$',
};

const everyRoom = [...Object.keys(allowed), 'bin', 'testing'];

/** Third-party packages and the one room that may import each. */
const owners = {
  thrift: 'rpc',
  execa: 'child',
  ioredis: 'coordination',
  pino: 'base',
  'prom-client': 'base',
  ajv: 'config',
  yaml: 'config',
  json5: 'config',
  yauzl: 'code',
  'lossless-json': 'container/task-hosts/shell',
  '@node-rs/crc32': 'dlog',
  'node-rdkafka': 'dlog/storage/kafka',
  '@platformatic/kafka': 'dlog/storage/kafka',
  snappy: 'dlog',
};

const roomRules = Object.entries(allowed).map(([room, mayImport]) => ({
  name: `${room}-imports`,
  comment: `${room} may import only: ${mayImport.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/', pathNot: `^src/(${[room, ...mayImport].join('|')})/` },
}));

const doorRules = everyRoom.map((room) => ({
  name: `${room}-door`,
  comment: `other rooms import ${room} only through its index.ts`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${room}/|\\.test\\.ts$|^src/testing/` },
  to: { path: `^src/${room}/`, pathNot: `^src/${room}/index\\.ts$` },
}));

const innerRooms = Object.entries(innerAllowed).flatMap(([outer, rooms]) =>
  Object.entries(rooms).map(([name, mayImport]) => ({ outer, room: `${outer}/${name}`, name, mayImport })),
);

const innerRules = innerRooms.map(({ outer, room, name, mayImport }) => {
  const reachable = [name, ...mayImport].map((each) => (each.endsWith('.ts') ? `${each}$` : `${each}/`));
  return {
    name: `${room}-imports`,
    comment: `${room} may import of ${outer} only: ${mayImport.join(', ') || 'nothing'}`,
    severity: 'error',
    from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
    to: { path: `^src/${outer}/`, pathNot: `^src/${outer}/(${reachable.join('|')})` },
  };
});

const innerDoorRules = innerRooms
  .filter(({ room }) => innerDoors[room] !== 'open')
  .map(({ room }) => ({
    name: `${room}-door`,
    comment: `other rooms import ${room} only through its door`,
    severity: 'error',
    from: { path: '^src/', pathNot: `^src/${room}/|\\.test\\.ts$|^src/testing/` },
    to: { path: `^src/${room}/`, pathNot: `^src/${room}/${innerDoors[room] ?? 'index\\.ts$'}` },
  }));

const ownerRules = Object.entries(owners).map(([name, room]) => ({
  name: `${name}-owner`,
  comment: `only ${room} imports ${name}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${room}/|\\.test\\.ts$` },
  to: { path: `node_modules/${name}/` },
}));

export default {
  forbidden: [
    ...roomRules,
    ...doorRules,
    ...innerRules,
    ...innerDoorRules,
    ...ownerRules,
    {
      name: 'topology-is-pure',
      severity: 'error',
      from: { path: '^src/(topology|records|tuple|packing)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(assert|buffer)' },
    },
    {
      name: 'testing-stays-in-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$|^src/testing/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};

/** Who may import whom. Rooms from the bottom up; a room may import the doors of the rooms listed for it, nothing else. */
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
  records: ['base', 'topology'],
  packing: ['base', 'topology'],
  scheduler: ['base', 'topology', 'records', 'packing', 'coordination', 'child'],
  container: ['base', 'config', 'tuple', 'topology', 'records', 'coordination', 'child', 'dlog'],
  nimbus: ['base', 'config', 'rpc', 'topology', 'records', 'coordination'],
  cli: ['base', 'config', 'rpc', 'child', 'tuple', 'topology', 'dlog', 'dlog-client'],
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
  yauzl: 'nimbus',
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

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { systemClock, waitFor } from '../src/base/index.ts';
import { root, type System } from './system.ts';

/**
 * Storm itself: ZooKeeper, Nimbus and Supervisor of the released jars on free ports, all state under
 * `scratch`.
 */
export async function startStorm(scratch: string): Promise<System> {
  const home = layOut(scratch);
  const ports = { zookeeper: 21810, nimbus: 26627, supervisor: 26628 };
  configure(scratch, home, ports);
  const daemons: ChildProcess[] = [];
  const daemon = (name: string, mainClass: string, args: readonly string[]): void => {
    daemons.push(startDaemon({ name, mainClass, args, home }));
  };
  daemon('zookeeper', 'org.apache.zookeeper.server.quorum.QuorumPeerMain', [join(home, 'zoo.cfg')]);
  await listening(ports.zookeeper);
  daemon('nimbus', 'org.apache.storm.daemon.nimbus.Nimbus', []);
  await listening(ports.nimbus);
  daemon('supervisor', 'org.apache.storm.daemon.supervisor.Supervisor', []);
  await listening(ports.supervisor);
  return {
    name: 'storm',
    nimbusPort: ports.nimbus,
    roots: [],
    stop: async () => {
      for (const child of daemons.reverse()) {
        child.kill('SIGTERM');
        await new Promise((resolve) => child.once('exit', resolve));
      }
    },
  };
}

function layOut(scratch: string): string {
  const home = join(scratch, 'home');
  for (const dir of ['conf', 'log4j2', 'bin', 'extlib', 'logs'])
    mkdirSync(join(home, dir), { recursive: true });
  symlinkSync(join(root, 'build', 'bench', 'storm', 'lib'), join(home, 'lib'));
  symlinkSync(join(root, 'build', 'java', 'lib-worker'), join(home, 'lib-worker'));
  return home;
}

function configure(
  scratch: string,
  home: string,
  ports: { zookeeper: number; nimbus: number; supervisor: number },
): void {
  writeFileSync(
    join(home, 'zoo.cfg'),
    `dataDir=${scratch}/zookeeper\nclientPort=${ports.zookeeper}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n`,
  );
  const conf = {
    'storm.zookeeper.servers': ['127.0.0.1'],
    'storm.zookeeper.port': ports.zookeeper,
    'nimbus.seeds': ['127.0.0.1'],
    'nimbus.thrift.port': ports.nimbus,
    'supervisor.thrift.port': ports.supervisor,
    'supervisor.slots.ports': [26700, 26701, 26702, 26703],
    'storm.local.hostname': '127.0.0.1',
    'storm.local.dir': join(scratch, 'state'),
    'storm.log.dir': join(home, 'logs'),
    // the released default is for Java 8 and writes a GC log; the heap rule itself stays
    'worker.childopts': '-Xmx%HEAP-MEM%m',
  };
  writeFileSync(join(home, 'conf', 'storm.yaml'), JSON.stringify(conf));
  const log = (name: string): string =>
    `<configuration><appenders><File name="F" fileName="\${sys:storm.log.dir}/${name}"><PatternLayout pattern="%d %p %c{1} %m%n"/></File></appenders><loggers><root level="warn"><appender-ref ref="F"/></root></loggers></configuration>`;
  writeFileSync(join(home, 'log4j2', 'cluster.xml'), log('cluster.log'));
  writeFileSync(join(home, 'log4j2', 'worker.xml'), log('worker.log'));
}

function startDaemon(options: {
  name: string;
  mainClass: string;
  args: readonly string[];
  home: string;
}): ChildProcess {
  const { home, name } = options;
  const output = openSync(join(home, 'logs', `${name}.out`), 'a');
  const flags = [
    '-Xmx512m',
    '-Dstorm.options=',
    `-Dstorm.home=${home}`,
    `-Dstorm.log.dir=${join(home, 'logs')}`,
    '-Dstorm.conf.file=',
    '-Djava.deserialization.disabled=true',
    `-Dlog4j.configurationFile=${join(home, 'log4j2', 'cluster.xml')}`,
  ];
  const classPath = [join(home, 'lib', '*'), join(home, 'conf')].join(':');
  return spawn('java', [...flags, '-cp', classPath, options.mainClass, ...options.args], {
    stdio: ['ignore', output, output],
    cwd: home,
  });
}

function listening(port: number): Promise<true> {
  const tries = (): Promise<true | undefined> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(undefined));
      socket.once('connect', () => socket.destroy());
    });
  return waitFor(`port ${port}`, tries, { clock: systemClock, limitMs: 90_000, everyMs: 100 });
}

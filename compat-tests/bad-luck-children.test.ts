import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processStart } from '../src/child/index.ts';
import { closeLeavingNothing, errorOf, Healthy, loggedLine, ownGateway } from './bad-luck.ts';
import { withCase } from './case.ts';
import { processesOf, processesUnder } from './processes.ts';
import { eventually, tuplesOf } from './records.ts';
import { openTarget, restartGateway, target } from './target.ts';

/** Answers the handshake as any multilang child does, and dies at the first tuple. */
const segfaulting = `
#include <iostream>
#include <string>
#include <unistd.h>

int main() {
  std::string line;
  while (std::getline(std::cin, line) && line != "end") {}
  std::cout << "{\\"pid\\":" << getpid() << "}\\nend\\n" << std::flush;
  while (std::getline(std::cin, line) && line.find("\\"tuple\\"") == std::string::npos) {}
  int* volatile nowhere = nullptr;
  return *nowhere;
}
`;

/** Answers the handshake, and nothing after it: it does not even read. */
const deaf = `printf '{"pid":%d}\\nend\\n' $$
exec sleep 1000
`;

describe('children that misbehave', () => {
  const healthy = new Healthy();
  let scratch = '';
  let localDir = '';

  before(async function () {
    await openTarget({});
    ({ scratch, localDir } = await ownGateway(this));
    writeFileSync(join(scratch, 'no-program.sh'), '#!/bin/sh\nexit 0\n', { mode: 0o644 });
    writeFileSync(join(scratch, 'no-interpreter.sh'), '#!/no/such/shell\n', { mode: 0o755 });
    writeFileSync(join(scratch, 'deaf.sh'), deaf);
    writeFileSync(join(scratch, 'segfault.cpp'), segfaulting);
    execFileSync('g++', ['-O1', '-o', join(scratch, 'segfault'), join(scratch, 'segfault.cpp')]);
    await healthy.start();
  });
  after(async () => {
    if (localDir !== '') await healthy.stop();
    await closeLeavingNothing();
  });

  const faults = [
    {
      what: 'a command that is not executable',
      shell: (dir: string) => `${dir}/no-program.sh:split.sh`,
      says: /no-program\.sh is not executable/,
    },
    {
      what: 'a script whose interpreter is not there',
      shell: (dir: string) => `${dir}/no-interpreter.sh:split.sh`,
      says: /no-interpreter\.sh names an interpreter .* does not exist/,
    },
    {
      what: 'a child that never answers the handshake',
      shell: () => 'sleep:1000',
      conf: { 'egret.shell.handshake.timeout.secs': 2 },
      says: /"sleep 1000".* did not answer the handshake within 2 s \(egret\.shell\.handshake\.timeout\.secs/,
    },
    {
      what: 'a child that answers the handshake and then nothing',
      shell: (dir: string) => `sh:${dir}/deaf.sh`,
      conf: { 'topology.subprocess.timeout.secs': 2 },
      says: /deaf\.sh.* answered nothing for 2 s \(topology\.subprocess\.timeout\.secs/,
    },
    {
      what: 'a C++ child that segfaults',
      shell: (dir: string) => `${dir}/segfault:split`,
      says: /segfault split.* was ended by SIGSEGV/,
    },
  ];
  for (const { what, shell, conf = {}, says } of faults) {
    it(`${what} is named in the topology's errors, other topologies keep flowing, and it goes with its topology`, async () => {
      const command = shell(scratch);
      const before = processesUnder(localDir).length;
      await withCase('count', { shell: `split:${command}`, ...conf }, async ({ name }) => {
        const error = await errorOf(name, 'split');
        assert.match(error, says);
        assert.match(error, /split/);
        await healthy.flows();
      });
      await eventually('an end of its processes', () =>
        processesUnder(localDir).length === before ? true : undefined,
      );
    });
  }
});

/**
 * A split over stock storm.py that starts, in each life, a process in a session of its own and a daemon twice
 * removed, which ignore signals that ask. `crashes`: at its first tuple it dies.
 */
const leaving = (notes: string, { crashes }: { readonly crashes: boolean }): string => `
import os, signal, subprocess, sys, time
sys.path.insert(0, os.getcwd())
import storm

stubborn = 'trap "" TERM HUP INT; echo $$ >> ${notes}; while :; do sleep 1000; done'

def leave(command):
    closed = subprocess.DEVNULL
    subprocess.Popen(command, stdin=closed, stdout=closed, stderr=closed, start_new_session=True)

def noted():
    return open('${notes}', 'a+').tell()

class Leaving(storm.BasicBolt):
    def initialize(self, conf, context):
        for command in [['sh', '-c', stubborn], ['sh', '-c', 'setsid sh -c "$0" & exit', stubborn]]:
            before = noted()
            leave(command)
            while noted() == before:
                time.sleep(0.01)

    def process(self, tup):
        if ${crashes ? 'True' : 'False'}:
            os.kill(os.getpid(), signal.SIGSEGV)
        for word in tup.values[0].split():
            storm.emit([word])

Leaving().run()
`;

for (const containment of ['auto', 'subreaper']) {
  describe(`children that leave processes behind, with egret.containment ${containment}`, () => {
    let scratch = '';
    let localDir = '';
    let group: string | undefined;
    let counter = 0;

    before(async function () {
      await openTarget({ args: ['-c', `egret.containment=${containment}`] });
      ({ scratch, localDir } = await ownGateway(this));
      const chosen = await loggedLine(({ event }) => event === 'containment.chosen', 'how it contains');
      assert.notEqual(chosen['kind'], 'group');
      group = chosen['directory'] as string | undefined;
    });
    after(async () => {
      await closeLeavingNothing();
      assert.ok(group === undefined || !existsSync(group), 'the control group of the gateway');
    });

    /** What has been left by all lives so far, and what of it lives. */
    const left = (notes: string): { readonly all: number; readonly living: readonly number[] } => {
      const pids = existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n').map(Number) : [];
      return { all: pids.length, living: pids.filter((pid) => processStart(pid) !== undefined) };
    };
    const withLeaving = async (
      how: { readonly crashes: boolean; readonly isInsideJava?: boolean },
      check: (run: { readonly notes: string; readonly out: string }) => Promise<void>,
    ): Promise<void> => {
      const script = join(scratch, `leaving-${++counter}.py`);
      const notes = `${script}.pids`;
      writeFileSync(script, leaving(notes, how));
      const split = how.isInsideJava === true ? { split: script } : { shell: `split:python3:${script}` };
      await withCase('count', split, ({ out }) => check({ notes, out }));
      assert.ok(left(notes).all >= 2);
      // The topology is no longer listed before its last process has ended.
      await eventually('an end of what its children left', () =>
        left(notes).living.length === 0 ? true : undefined,
      );
    };
    const flows = (out: string): Promise<unknown> =>
      eventually('tuples', () => (tuplesOf(out, 'sink').length > 100 ? true : undefined));
    /** Kills, and waits for the next life of each child: only of that something is left. */
    const killThem = async (notes: string, kill: () => Promise<void> | void): Promise<void> => {
      const before = await eventually('all that a child leaves', () => {
        const { all, living } = left(notes);
        return living.length >= 2 && all === living.length ? living : undefined;
      });
      await kill();
      await eventually('an end of what was left before', () =>
        before.some((pid) => processStart(pid) !== undefined) ? undefined : true,
      );
    };

    it('end with their topology, with all that they left', async () => {
      await withLeaving({ crashes: false }, async ({ out }) => flows(out).then(() => undefined));
    });

    it('leave nothing when their container is killed', async () => {
      await withLeaving({ crashes: false }, async ({ notes, out }) => {
        await flows(out);
        await killThem(notes, () => {
          for (const { pid } of processesOf(localDir, 'worker')) process.kill(pid, 'SIGKILL');
        });
      });
    });

    it('leave nothing when gateway and container are killed and the gateway comes again', async () => {
      await withLeaving({ crashes: false }, async ({ notes, out }) => {
        await flows(out);
        await killThem(notes, async () => {
          const { gateway } = await target();
          const gone = new Promise((resolve) => gateway!.once('exit', resolve));
          gateway!.kill('SIGKILL');
          await gone;
          for (const { pid } of processesOf(localDir, 'worker')) process.kill(pid, 'SIGKILL');
          await restartGateway();
        });
      });
    });

    for (const isInsideJava of [false, true]) {
      const where = isInsideJava ? ' inside a JVM that lives on' : '';
      it(`leave nothing that gathers while they crash again and again${where}`, async () => {
        await withLeaving({ crashes: true, isInsideJava }, async ({ notes }) => {
          await eventually('some lives', () => (left(notes).all >= 8 ? true : undefined));
          // One life may be running.
          await eventually('an end of those of earlier lives', () =>
            left(notes).living.length <= 2 ? true : undefined,
          );
        });
      });
    }
  });
}

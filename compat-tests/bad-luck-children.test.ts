import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeLeavingNothing, errorOf, Healthy, ownGateway } from './bad-luck.ts';
import { withCase } from './case.ts';
import { processesUnder } from './processes.ts';
import { eventually } from './records.ts';
import { openTarget } from './target.ts';

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

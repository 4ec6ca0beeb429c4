import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { findPrerequisites, javaMajor, prerequisiteLines } from './up-prerequisites.ts';

describe('the prerequisites of a gateway', () => {
  const complete = { java: 'java', javaVersion: 17, missingParts: [] };

  it('are not mentioned when they are there', () => {
    assert.deepEqual(prerequisiteLines(complete), []);
  });

  it('that are missing get a line each, with what works without it and the remedy', () => {
    const part = fileURLToPath(new URL('../../build/native/egret-contain', import.meta.url));
    const lines = prerequisiteLines({ java: '/no/java', javaVersion: 'no such file', missingParts: [part] });
    assert.equal(lines.length, 2);
    assert.match(
      lines[0]!,
      /^no Java \(\/no\/java\): no such file\. Topologies without Java components work/,
    );
    assert.match(lines[0]!, /install Java 17 or later/);
    assert.match(lines[1]!, /egret-contain\. All topologies work, .* run "npm run setup"$/);
  });

  it('include a Java that is new enough', () => {
    assert.match(prerequisiteLines({ ...complete, javaVersion: 11 })[0]!, /^Java 11 \(java\) is too old/);
  });

  it('are found on this machine', async () => {
    const { signal } = new AbortController();
    const found = await findPrerequisites({ java: '/no/such/java', nativeParts: ['/no/such/part'], signal });
    assert.match(String(found.javaVersion), /does not exist/);
    assert.deepEqual(found.missingParts, ['/no/such/part']);
  });

  it('know the version of a Java by what it prints', () => {
    assert.equal(javaMajor('openjdk version "17.0.2" 2022-01-18'), 17);
    assert.equal(javaMajor('java version "1.8.0_392"'), 8);
    assert.equal(javaMajor('openjdk version "25-ea" 2025-09-16'), 25);
    assert.equal(javaMajor('no'), undefined);
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { root } from './target.ts';

/** No image is built here: a linter reads the Dockerfile, and this what the guide promises of it. */
describe('the container image', () => {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  it('has a Dockerfile that a linter has nothing to say about', () => {
    assert.deepEqual(
      validate(text).map(({ message, range }) => [range.start.line + 1, message]),
      [],
    );
  });

  it('is made of images that every builder knows by their plain names', () => {
    const images = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1]!);
    assert.deepEqual(
      images.filter((image) => !/^node:20-[a-z-]+$/.test(image)),
      [],
    );
  });

  it('runs as a user of its own, keeps its state in a volume and says its ports', () => {
    const values = (name: string): string[] =>
      last.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
    assert.deepEqual(values('USER'), ['egret']);
    const settings = readFileSync(join(root, 'scripts', 'docker', 'storm.yaml'), 'utf8');
    assert.deepEqual(values('VOLUME'), [/^storm\.local\.dir: (.+)$/m.exec(settings)![1]]);
    assert.deepEqual(values('EXPOSE'), [`6627 ${/^egret\.dlog\.port: (\d+)$/m.exec(settings)![1]}`]);
  });

  it('is built from files of the checkout that .dockerignore lets through', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    assert.equal(
      ignored.includes('node_modules') && ignored.includes('build') && ignored.includes('.git'),
      true,
    );
    const copied = last.filter((line) => line.startsWith('COPY ') && !line.includes('--from='));
    for (const line of copied) readFileSync(join(root, line.split(' ')[1]!));
  });
});

/** ChaosParts.Join in JavaScript. */
const { BasicBolt } = require('./storm');

const keysMax = 2000;

class Join extends BasicBolt {
  initialize(conf, _context, done) {
    this.parts = Number(conf['chaos.parts']);
    this.open = new Map();
    done();
  }

  process(tuple, done) {
    const [key, word] = tuple.values;
    if (!this.open.has(key)) this.open.set(key, new Map());
    const held = this.open.get(key);
    held.get(word)?.done();
    held.set(word, { id: tuple.id, done });
    if (held.size === this.parts) {
      const all = [...held.values()];
      this.emit({ tuple: [key], anchorTupleId: all.map(({ id }) => id) }, () => undefined);
      for (const each of all) each.done();
      this.open.delete(key);
    }
    if (this.open.size > keysMax) {
      const [oldest, given] = this.open.entries().next().value;
      for (const each of given.values()) each.done(new Error(`not every part of ${oldest} came`));
      this.open.delete(oldest);
    }
  }
}

new Join().run();

/** ChaosParts.Fan in JavaScript. */
const { BasicBolt } = require('./storm');

class Fan extends BasicBolt {
  process(tuple, done) {
    for (const word of tuple.values[0].split(' '))
      this.emit({ tuple: [word], anchorTupleId: tuple.id }, () => undefined);
    done();
  }
}

new Fan().run();

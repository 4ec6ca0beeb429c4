const storm = require('./storm.js');

class Split extends storm.BasicBolt {
  process(tup, done) {
    for (const word of tup.values[0].split(' '))
      if (word !== '') this.emit({ tuple: [word], anchorTupleId: tup.id }, () => {});
    done();
  }
}

new Split().run();

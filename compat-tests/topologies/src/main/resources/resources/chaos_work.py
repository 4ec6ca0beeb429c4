"""ChaosParts.Work in Python."""

import random

import storm


class Work(storm.Bolt):
    def initialize(self, conf, context):
        self.fails = int(conf["chaos.fail"])
        self.forgets = int(conf["chaos.forget"])
        self.is_unanchored = conf.get("chaos.unanchored") is True

    def process(self, tup):
        fate = random.randrange(10_000)
        if fate < self.fails:
            storm.fail(tup)
            return
        if fate < self.fails + self.forgets:
            return
        word = tup.values[0]
        storm.emit([word.split("/")[0], word], anchors=[] if self.is_unanchored else [tup])
        storm.ack(tup)


Work().run()

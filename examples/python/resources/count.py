"""Counts words: [word] -> [word, count so far]."""

from collections import Counter

from egret import BasicBolt


class Count(BasicBolt):
    def initialize(self, conf, context):
        self.counts = Counter()

    def process(self, tup):
        word = tup.values[0]
        self.counts[word] += 1
        self.emit([word, self.counts[word]])


Count().run()

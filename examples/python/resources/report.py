"""Keeps the highest count of each word and writes all of them to the file named by `word.count.output`.

It writes once a second if something changed. Each write replaces the file, so that a reader always sees a
complete one: lines `word<TAB>count`, sorted by word.
"""

import os

from egret import Bolt


class Report(Bolt):
    def initialize(self, conf, context):
        self.path = conf["word.count.output"]
        self.counts = {}
        self.has_changed = False
        self.write()

    def process(self, tup):
        word, count = tup.values
        # counts of one word may arrive out of order
        if count > self.counts.get(word, 0):
            self.counts[word] = count
            self.has_changed = True
        self.ack(tup)

    def process_tick(self, tup):
        if self.has_changed:
            self.write()
            self.has_changed = False
        self.ack(tup)

    def write(self):
        temporary = f"{self.path}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as file:
            for word in sorted(self.counts):
                file.write(f"{word}\t{self.counts[word]}\n")
        os.replace(temporary, self.path)


Report().run()

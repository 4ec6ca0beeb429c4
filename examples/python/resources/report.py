"""Keeps the highest count of each word and writes all of them to the file named by `word.count.output`.

Written once a second while something changed, by replacing the file, so that a reader always sees a whole one: lines
`word<TAB>count` in the order of the words.
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
        # counts of one word may overtake each other on their way
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

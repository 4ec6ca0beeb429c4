"""Splits lines into words: [line] -> [word] for each."""

from egret import BasicBolt


class Split(BasicBolt):
    def process(self, tup):
        for word in tup.values[0].split():
            self.emit([word])


Split().run()

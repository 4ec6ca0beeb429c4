"""Splits lines into words: an ordinary Storm bolt in Python, with Storm's own adapter beside it in the jar."""
import storm


class SplitSentence(storm.BasicBolt):
    def process(self, tup):
        for word in tup.values[0].split():
            storm.emit([word])


SplitSentence().run()

"""ChaosParts.Pair in Python."""

import storm


class Pair(storm.Bolt):
    def initialize(self, conf, context):
        self.held = []

    def process(self, tup):
        is_tick = tup.stream == "__tick"
        if is_tick:
            storm.ack(tup)
        else:
            self.held.append(tup)
        if len(self.held) < 3 and not (is_tick and self.held):
            return
        storm.emit([",".join(each.values[0] for each in self.held)], anchors=self.held)
        for each in self.held:
            storm.ack(each)
        self.held = []


Pair().run()

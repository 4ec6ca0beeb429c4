"""Acks everything."""

import storm


class SinkBolt(storm.BasicBolt):
    def process(self, tup):
        pass


SinkBolt().run()

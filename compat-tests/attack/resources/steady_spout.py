"""Emits ten numbers a second and appends each one that is acked to the file `attack.acked`."""

import time

import storm


class SteadySpout(storm.Spout):
    def initialize(self, conf, context):
        self.acked = open(conf["attack.acked"], "a", buffering=1)
        self.next = 0

    def nextTuple(self):
        time.sleep(0.1)
        self.next += 1
        storm.emit([self.next], id=str(self.next))

    def ack(self, id):
        self.acked.write(id + "\n")

    def fail(self, id):
        storm.emit([int(id)], id=id)


SteadySpout().run()

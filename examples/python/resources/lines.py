"""Emits the lines of a text file: -> [line]. It replays lines that fail and logs the end of the file."""

from collections import deque

from egret import Spout

IN_FLIGHT_MAX = 1000


class Lines(Spout):
    """One task reads the whole file, named by `word.count.input`; its message ids are line numbers."""

    def initialize(self, conf, context):
        if len([component for component in context["task->component"].values() if component == "lines"]) > 1:
            raise ValueError("the spout 'lines' reads the whole file: its parallelism must be 1")
        self.path = conf["word.count.input"]
        self.file = open(self.path, encoding="utf-8")
        self.number = 0
        self.in_flight = {}
        self.failed = deque()
        self.is_finished = False

    def nextTuple(self):
        if self.failed:
            number = self.failed.popleft()
            self.emit([self.in_flight[number]], id=number)
        elif self.file is not None and len(self.in_flight) < IN_FLIGHT_MAX:
            line = self.file.readline()
            if line:
                self.number += 1
                self.in_flight[self.number] = line
                self.emit([line], id=self.number)
            else:
                self.file.close()
                self.file = None

    def ack(self, id):
        self.in_flight.pop(id, None)
        if self.file is None and not self.in_flight and not self.is_finished:
            self.is_finished = True
            self.log(f"all {self.number} lines of {self.path} are counted")

    def fail(self, id):
        if id in self.in_flight:
            self.failed.append(id)


Lines().run()

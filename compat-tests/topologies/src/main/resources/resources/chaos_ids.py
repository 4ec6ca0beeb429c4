"""The spout of known ids: ChaosParts.Ids in Python."""

import os
import time
from collections import deque

import storm
from chaos_journal import Journal


class Ids(storm.Spout):
    def initialize(self, conf, context):
        self.journal = Journal(conf, context)
        self.stop = os.path.join(conf["chaos.out"], "stop")
        self.prefix = f"{self.journal.name}:"
        self.parts = int(conf["chaos.parts"])
        self.pace = int(conf["chaos.pace"])
        self.pending_max = int(conf["chaos.pending"])
        self.pending = {}
        self.next = 0
        for line in self.journal.lines():
            words = line.split(" ")
            if len(words) == 4 and words[0] == "e":
                self.pending[words[2]] = int(words[3])
                self.next = max(self.next, int(words[2][len(self.prefix) :]) + 1)
            elif len(words) == 3 and words[0] == "a":
                self.pending.pop(words[2], None)
        self.due = deque(self.pending)
        self.next_time = 0.0
        self.stop_checked = 0.0
        self.is_stopped = False

    def nextTuple(self):
        now = time.monotonic()
        if now - self.stop_checked > 0.1:
            self.stop_checked = now
            self.is_stopped = os.path.exists(self.stop)
        if self.due:
            id = self.due.popleft()
        elif self.is_stopped or len(self.pending) >= self.pending_max or now < self.next_time:
            time.sleep(0.001)
            return
        else:
            self.next_time = max(self.next_time, now - 0.1) + 1 / self.pace
            id = f"{self.prefix}{self.next}"
            self.next += 1
        attempt = self.pending[id] = self.pending.get(id, 0) + 1
        self.journal.event("e", f"{id} {attempt}")
        key = f"{id}#{attempt}"
        storm.emit([" ".join(f"{key}/{part}" for part in range(self.parts)), key], id=id)

    def ack(self, id):
        self.journal.event("a", id)
        self.pending.pop(id, None)
        if id in self.due:
            self.due.remove(id)

    def fail(self, id):
        self.journal.event("f", id)
        if id in self.pending and id not in self.due:
            self.due.append(id)


Ids().run()

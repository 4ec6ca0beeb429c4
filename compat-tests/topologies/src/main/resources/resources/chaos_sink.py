"""ChaosParts.Sink in Python."""

import storm
from chaos_journal import Journal


class Sink(storm.Bolt):
    def initialize(self, conf, context):
        self.journal = Journal(conf, context)

    def process(self, tup):
        for each in tup.values[-1].split(","):
            id, _, rest = each.partition("#")
            _, slash, part = rest.partition("/")
            self.journal.write(f"s {id}{slash}{part}")
        storm.ack(tup)


Sink().run()

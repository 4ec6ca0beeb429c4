import storm


class Teller(storm.Bolt):
    """Emits each line's number, then the task ids of that emit and how many lists had arrived before it."""

    def process(self, tup):
        number = tup.values[1]
        ready = len(storm.pending_taskids)
        told = storm.emit([number, ""], anchors=[tup])
        storm.emit([number, "%d %d" % (told[0], ready)], anchors=[tup])
        storm.ack(tup)


Teller().run()

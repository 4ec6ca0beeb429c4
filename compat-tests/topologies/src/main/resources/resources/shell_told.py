import storm


class Teller(storm.Bolt):
    """Emits each line's number, and then what it was told of that emit, with the lists that lay ready for it."""

    def process(self, tup):
        number = tup.values[1]
        ready = len(storm.pending_taskids)
        told = storm.emit([number, ""], anchors=[tup])
        storm.emit([number, "%d %d" % (told[0], ready)], anchors=[tup])
        storm.ack(tup)


Teller().run()

"""Large.Digest in Python."""

import zlib

import storm


class Digest(storm.Bolt):
    def process(self, tup):
        number, text = tup.values
        storm.emit([number, zlib.crc32(text.encode("utf-8"))], anchors=[tup])
        storm.ack(tup)


Digest().run()

import storm


class Numbers(storm.Spout):
    def initialize(self, conf, context):
        self.number = 0

    def nextTuple(self):
        self.number += 1
        storm.emit([self.number])


Numbers().run()

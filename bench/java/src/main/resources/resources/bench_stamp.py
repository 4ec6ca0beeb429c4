import os
import time

import storm


class Stamp(storm.BasicBolt):
    def initialize(self, conf, context):
        self.file = conf["bench.stamp"]

    def process(self, tup):
        if self.file:
            with open(self.file + ".part", "w") as out:
                out.write(str(time.time() * 1000))
            os.rename(self.file + ".part", self.file)
            self.file = None


Stamp().run()

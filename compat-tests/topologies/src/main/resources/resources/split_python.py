import storm


class Split(storm.BasicBolt):
    def process(self, tup):
        for word in tup.values[0].split(" "):
            if word:
                storm.emit([word])


Split().run()

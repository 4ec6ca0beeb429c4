import storm


class Emitter(storm.Bolt):
    """Each line's number straight to a task of direct-sink, and a nested value to all of nested-sink."""

    def initialize(self, conf, context):
        tasks = context["task->component"]
        self.targets = sorted(int(task) for task, component in tasks.items() if component == "direct-sink")

    def process(self, tup):
        number = tup.values[1]
        target = self.targets[number % len(self.targets)]
        storm.emitDirect(target, [number], stream="direct", anchors=[tup])
        storm.emit([[number, ["one", 2], {"k": [1.5, None]}]], stream="nested", anchors=[tup])
        storm.ack(tup)


Emitter().run()

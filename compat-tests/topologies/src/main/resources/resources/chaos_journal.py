"""The lines of a chaos task: see Journal.java, which says what they are."""

import os
import time


def now_ms():
    return int(time.time() * 1000)


class Journal:
    def __init__(self, conf, context):
        task = context["taskid"]
        component = context["task->component"][str(task)]
        self.name = f"{component}-{task}"
        self.path = os.path.join(conf["chaos.out"], f"{self.name}.log")
        self.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        size = os.fstat(self.file).st_size
        if size > 0 and os.pread(self.file, 1, size - 1) != b"\n":
            os.write(self.file, b"\n")
        self.write(f"o {os.getpid()} {now_ms()}")

    def lines(self):
        with open(self.path, encoding="utf-8") as file:
            return [line.rstrip(";\n") for line in file if line.endswith(";\n")]

    def write(self, line):
        os.write(self.file, (line + ";\n").encode("utf-8"))

    def event(self, kind, details):
        self.write(f"{kind} {now_ms()} {details}")

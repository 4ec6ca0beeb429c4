"""A spout that sends malformed messages picked by a seed, and valid tuples between them.

It writes to the pipe directly, because a library would not let it send such messages.
"""

import json
import os
import random
import sys

SHAPES = [
    '{"command":"emit","tuple":["%s"]}',
    '{"command":"emit","id":%s,"stream":"no-such","tuple":[1]}',
    '{"command":"emit","id":"x","stream":"__proto__","tuple":[]}',
    '{"command":"emit","task":99999,"tuple":["a"]}',
    '{"command":"emit","tuple":["a","b","c"]}',
    '{"command":"emit","anchors":["no","such"],"tuple":[1e400]}',
    '{"command":"ack","id":"%s"}',
    '{"command":"fail","id":-1}',
    '{"command":"log","msg":"%s","level":9}',
    '{"command":"error","msg":"%s"}',
    '{"command":"metrics","name":"%s","params":{}}',
    '{"command":"__proto__"}',
    '{"command":["emit"]}',
    '{"pid":-1}',
    '[1,2',
    'null',
    '"\\ud800"',
    '{"command":"emit","tuple":[' + "[" * 500 + "]" * 500 + "]}",
]


def read():
    lines = []
    for line in iter(sys.stdin.readline, ""):
        if line == "end\n":
            return json.loads("".join(lines))
        lines.append(line)
    os._exit(0)


def send(text):
    sys.stdout.write(text + "\nend\n")
    sys.stdout.flush()


def broken(chance):
    text = chance.choice(SHAPES)
    if "%s" in text:
        text = text % ("x" * int(chance.random() ** 4 * 200_000))
    if chance.random() < 0.2:
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(["\0", '"', "{", "\\", "\n", "end\n", "\x1b[31m"]) + text[at + 1 :]
    return text


handshake = read()
chance = random.Random(int(handshake["conf"].get("attack.seed", 1)) * 1_000_003 + os.getpid())
open(os.path.join(handshake["pidDir"], str(os.getpid())), "w").close()
send(json.dumps({"pid": os.getpid()}))
while True:
    message = read()
    if message.get("command") != "next":
        send('{"command":"sync"}')
        continue
    for _ in range(20):
        send(json.dumps({"command": "emit", "id": str(chance.random()), "tuple": ["word"]}))
    send(broken(chance))
    send('{"command":"sync"}')

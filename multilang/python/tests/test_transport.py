"""The pipe transport: cutting input into messages, and when output leaves."""

import json
import os
import random
import time
import unittest

from egret.transport import SLOW_HANDLER_SECS, ParentGone, PipeTransport, ProtocolError


class PipeTransportTest(unittest.TestCase):
    def setUp(self):
        input_fd, self.to_child = os.pipe()
        self.from_child, output_fd = os.pipe()
        self.fds = [input_fd, self.to_child, self.from_child, output_fd]
        self.transport = PipeTransport(input_fd, output_fd)
        os.set_blocking(self.from_child, False)

    def tearDown(self):
        for fd in self.fds:
            try:
                os.close(fd)
            except OSError:
                pass

    def written(self):
        """What has left so far."""
        try:
            return os.read(self.from_child, 1 << 16)
        except BlockingIOError:
            return b""

    def give(self, *messages):
        os.write(self.to_child, b"".join(json.dumps(each).encode() + b"\nend\n" for each in messages))

    def test_any_cut_of_the_input_gives_the_same_messages(self):
        seed = random.randrange(1 << 32)
        rng = random.Random(seed)
        messages = [{"tuple": ["größer", "\nend\n", i]} for i in range(20)] + [[1, 2], []]
        for separator in ("\nend\n", "\r\nend\r\n"):
            data = "".join(json.dumps(each, indent=rng.choice([None, 1])) + separator for each in messages).encode()
            if separator != "\nend\n":
                data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            transport = self.transport
            found, position = [], 0
            while position < len(data):
                size = rng.randint(1, 40)
                os.write(self.to_child, data[position : position + size])
                position += size
                transport._fill()
                while transport._ready:
                    found.append(transport.receive())
            self.assertEqual(found, messages, f"seed {seed}")

    def test_output_leaves_at_once_while_no_input_waits(self):
        self.transport.send({"a": 1})
        self.assertEqual(self.written(), b'{"a":1}\nend\n')

    def test_output_is_held_back_while_input_waits_and_leaves_before_the_next_read(self):
        self.give({"n": 1}, {"n": 2})
        self.transport.receive()
        self.transport.send({"a": 1})
        self.assertEqual(self.written(), b"")
        self.transport.receive()
        self.transport.send({"a": 2})
        self.assertEqual(self.written(), b'{"a":1}\nend\n{"a":2}\nend\n')

    def test_output_of_a_slow_handler_is_not_held_back(self):
        self.give({"n": 1}, {"n": 2}, {"n": 3})
        self.transport.receive()
        self.transport.send({"a": 1})
        time.sleep(2 * SLOW_HANDLER_SECS)
        self.transport.receive()
        self.assertEqual(self.written(), b'{"a":1}\nend\n')
        self.transport.send({"a": 2})
        self.assertEqual(self.written(), b'{"a":2}\nend\n')

    def test_the_end_of_the_input_and_a_reader_that_is_gone_end_the_component(self):
        os.close(self.to_child)
        with self.assertRaises(ParentGone) as raised:
            self.transport.receive()
        self.assertEqual(raised.exception.code, 0)
        os.close(self.from_child)
        with self.assertRaises(ParentGone):
            self.transport.send({"a": 1})

    def test_garbage_is_named(self):
        os.write(self.to_child, b"garbage\nend\n\xff\nend\n")
        with self.assertRaisesRegex(ProtocolError, "expected a JSON message, got 'garbage'"):
            self.transport.receive()
        with self.assertRaisesRegex(ProtocolError, "expected a JSON message"):
            self.transport.receive()


if __name__ == "__main__":
    unittest.main()

"""The conversation over a transport that is no pipe: what another wire will stand on."""

import json
import logging
import os
import tempfile
import unittest
from collections import deque
from pathlib import Path

import egret
from egret import session as sessions
from egret.session import OUTSTANDING_TASK_IDS_MAX, Session
from egret.vendor import runtime_files


class MemoryTransport:
    """Keeps what is sent; hands out what it was given, then says that the parent is gone."""

    def __init__(self, *messages):
        self.sent = []
        self.messages = deque(messages)

    def send(self, message):
        json.dumps(message)
        self.sent.append(message)
        if message.get("need_task_ids"):
            self.messages.append([len(self.sent)])

    def receive(self):
        if not self.messages:
            raise egret.ParentGone()
        return self.messages.popleft()

    def flush(self):
        pass


def bolt_session(*messages):
    transport = MemoryTransport(*messages)
    return sessions.start(Session(transport, is_spout=False)), transport


class SessionTest(unittest.TestCase):
    def test_a_component_runs_over_any_transport(self):
        class Echo(egret.BasicBolt):
            def process(self, tup):
                self.emit(tup.values)

        with tempfile.TemporaryDirectory() as directory:
            handshake = {"pidDir": directory, "conf": {}, "context": {}}
            tuple_ = {"id": "1", "comp": "a", "stream": "default", "task": 2, "tuple": ["x"]}
            transport = MemoryTransport(handshake, tuple_)
            with self.assertRaises(SystemExit) as ended:
                Echo().run(transport)
            self.assertEqual(os.listdir(directory), [str(os.getpid())])
        self.assertEqual(ended.exception.code, 0)
        self.assertEqual([message.get("command") for message in transport.sent], [None, "emit", "ack"])

    def test_task_ids_are_waited_for_when_they_are_looked_at(self):
        _, transport = bolt_session()
        first = egret.emit(["a"], need_task_ids=True)
        second = egret.emit(["b"], need_task_ids=True)
        self.assertEqual(len(transport.messages), 2)
        self.assertEqual(second, [2])
        self.assertEqual(list(first), [1])
        self.assertEqual(len(transport.messages), 0)

    def test_answers_that_nobody_looks_at_do_not_pile_up(self):
        _, transport = bolt_session()
        for _ in range(10 * OUTSTANDING_TASK_IDS_MAX):
            egret.emit(["a"], need_task_ids=True)
            self.assertLessEqual(len(transport.messages), OUTSTANDING_TASK_IDS_MAX)

    def test_tuples_that_come_before_the_task_ids_wait_and_heartbeats_are_answered(self):
        tuple_ = {"id": "1", "comp": "a", "stream": "default", "task": 2, "tuple": ["x"]}
        heartbeat = {"id": "2", "comp": None, "stream": "__heartbeat", "task": -1, "tuple": []}
        session, transport = bolt_session(tuple_, heartbeat)
        self.assertEqual(egret.emit(["a"], need_task_ids=True), [1])
        self.assertEqual(transport.sent[-1], {"command": "sync"})
        self.assertEqual(session.next_message(), tuple_)

    def test_a_tuple_is_settled_once(self):
        _, transport = bolt_session()
        tup = egret.Tuple("1", "a", "default", 2, [])
        egret.ack(tup)
        egret.fail(tup)
        self.assertEqual(transport.sent, [{"command": "ack", "id": "1"}])

    def test_what_cannot_be_emitted_is_named(self):
        bolt_session()
        with self.assertRaisesRegex(TypeError, "list or tuple of values, got str: 'word'"):
            egret.emit("word")
        with self.assertRaisesRegex(TypeError, "value 1 of the tuple cannot travel as JSON: .*set"):
            egret.emit(["a", {1}])

    def test_without_a_running_component_nothing_is_emitted(self):
        sessions._current = None
        with self.assertRaisesRegex(RuntimeError, "no component is running"):
            egret.emit(["a"])

    def test_log_records_travel_at_their_levels(self):
        _, transport = bolt_session()
        logger = logging.Logger("words")
        logger.addHandler(egret.LogHandler())
        logger.setLevel(1)
        for level in (5, logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
            logger.log(level, "at %d", level)
        self.assertEqual([message["level"] for message in transport.sent], [0, 1, 2, 3, 4, 4])
        self.assertEqual(transport.sent[2]["msg"], "at 20")
        with self.assertRaisesRegex(ValueError, "log level 'loud'"):
            egret.log("x", "loud")

    def test_the_vendored_runtime_is_all_that_a_worker_needs(self):
        files = runtime_files()
        self.assertFalse([name for name in files if "topology" in name])
        with tempfile.TemporaryDirectory() as directory:
            for name, content in files.items():
                path = Path(directory, name)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
            program = "import storm, sys; storm.BasicBolt; sys.exit('egret.topology' in sys.modules)"
            environment = {**os.environ, "PYTHONPATH": directory}
            code = os.spawnvpe(os.P_WAIT, "python3", ["python3", "-S", "-c", program], environment)
        self.assertEqual(code, 0)


if __name__ == "__main__":
    unittest.main()

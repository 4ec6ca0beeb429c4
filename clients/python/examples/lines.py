"""
Appends the lines of standard input, or prints a stream, one record per line:

    printf 'one\ntwo\n' | python lines.py append localhost:40123 default/words
    python lines.py tail localhost:40123 default/words
"""

import sys

from egret_dlog import DlogClient, DlogError, Moved, Position, Unknown


def append(client, stream):
    """Prints the position of each durable line, in order; exits with 1 at the first that is not durable."""
    futures = []
    with client.writer(stream) as writer:
        for line in sys.stdin.buffer:
            futures.append(writer.append(line.rstrip(b"\n")))
            while futures and futures[0].done():
                _print(futures.pop(0))
    for future in futures:
        _print(future)


def _print(future):
    try:
        print(future.result(), flush=True)
    except Unknown as error:
        sys.exit(f"unknown: {error}")
    except DlogError as error:
        sys.exit(f"refused: {error}")


def tail(client, stream, follow):
    for each in client.tail(stream, follow=follow):
        if not isinstance(each, Moved):
            print(f"{each.position}\t{each.payload.decode()}", flush=True)


def main():
    command, address, stream, *rest = sys.argv[1:]
    host, _, port = address.rpartition(":")
    client = DlogClient([(host, int(port))])
    if command == "append":
        append(client, stream)
    elif command == "truncate":
        print(client.truncate(stream, Position.parse(rest[0])))
    else:
        tail(client, stream, follow="--no-follow" not in rest)


main()

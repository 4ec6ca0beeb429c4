"""cut_off.py PID PICK FIRST: shuts down one connected socket of a process, as if the peer had closed it.

It only picks descriptors from FIRST on: a gateway takes the end of its channel to its starter for a request
to end.

It copies the descriptor (pidfd_getfd, Linux 5.6), shuts the copy down, and prints which one it was or that
there is none.
"""

import ctypes
import os
import socket
import sys

SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438


def main():
    pid, pick, first = (int(argument) for argument in sys.argv[1:])
    libc = ctypes.CDLL(None, use_errno=True)
    process = libc.syscall(SYS_PIDFD_OPEN, pid, 0)
    if process < 0:
        print(f"no process {pid}: {os.strerror(ctypes.get_errno())}")
        return
    connected = []
    try:
        names = sorted(os.listdir(f"/proc/{pid}/fd"), key=int)
    except OSError:
        names = []
    for name in names:
        if int(name) < first:
            continue
        try:
            if not os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                continue
        except OSError:
            continue
        copy = libc.syscall(SYS_PIDFD_GETFD, process, int(name), 0)
        if copy < 0:
            continue
        other = socket.socket(fileno=copy)
        try:
            is_listening = other.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if not is_listening:
                other.getpeername()
                connected.append((name, other))
        except OSError:
            continue
    if not connected:
        print("no connected socket")
        return
    name, other = connected[pick % len(connected)]
    peer = other.getpeername() or other.getsockname() or "a socket pair"
    other.shutdown(socket.SHUT_RDWR)
    print(f"descriptor {name} of {len(connected)} connected, {peer}")


main()

import signal
import time

import storm

# hears neither signals nor the end of its input, as a program stuck in a driver does
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
storm.initComponent()
while True:
    time.sleep(1)

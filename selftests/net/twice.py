#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The same packets arrive on two CPUs at once: each is taken once.

Looking at the replay window, and marking in it what has turned out authentic,
are two steps, with the cipher between them.

covers: ES20
"""
# rig: timeout=400 cpus=2 kernel=6.1

import os
import sys
import time

from esp_forge import Aead, fresh, seal
from wire import A, B, Host, Tap, Wire, counters, ip_packet, play, udp, world

PACKETS = 4000
ROUNDS = 3


def send_all(wire, frames, cpu, start):
    """In a process of its own, on its CPU."""
    os.sched_setaffinity(0, {cpu})
    while time.monotonic() < start:
        pass
    for frame in frames:
        wire.sock.send(frame)


def race(wire, host, suite, esn, number):
    begin = 2**32 - PACKETS // 2 if esn else 0
    fresh(suite, begin, esn)
    frames = [wire.header +
              ip_packet(B, A, 50, seal(suite, seq, esn, udp(b"once")))
              for seq in range(begin + 1, begin + 1 + PACKETS)]
    before, start = counters(), time.monotonic() + 0.5
    children = []
    for cpu in (0, 1):
        child = os.fork()
        if not child:
            send_all(wire, frames, cpu, start)
            os._exit(0)
        children.append(child)
    ends = [os.waitpid(child, 0)[1] for child in children]
    got = len(host.got())
    grew = counters() - before
    name = f"round {number}{', extended numbers' if esn else ''}"
    Tap.check(ends == [0, 0] and grew["in-protected"] == PACKETS and
              grew["in-replayed"] == PACKETS,
              f"{name}: {PACKETS} packets, each on two CPUs, each taken once",
              grew)
    Tap.check(got == PACKETS, f"{name}: and delivered once", got)


def everything():
    world()
    wire, host = Wire(), Host()
    suite = Aead("aes-gcm-16", 20)
    for number in range(ROUNDS):
        race(wire, host, suite, False, number)
        race(wire, host, suite, True, number)


if __name__ == "__main__":
    sys.exit(play(everything, "" if os.cpu_count() > 1 else "needs two CPUs"))

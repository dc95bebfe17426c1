#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A host without IPv6, whose peer sends it some through a tunnel all the same.

Nothing of it may reach the kernel's code for IPv6, whose tables are not there.

covers: TN6
"""
# rig: append=ipv6.disable=1

import os
import socket
import struct
import sys
import time

from esp_wire import KEY_IN, KEY_OUT, esp
from wire import (A, B, Expect, Host, IN, OUT, Wire, ip_packet, mobx, play, run,
                  udp, world)

IP6 = struct.Struct("!IHBB16s16s")


def inside(kind, data):
    return IP6.pack(6 << 28, len(data), kind, 64,
                    socket.inet_pton(socket.AF_INET6, "fd00:2::5"),
                    socket.inet_pton(socket.AF_INET6, "fd00:1::2")) + data


def tunnel():
    mobx("peer", "add", "1", "local", A, "remote", B)
    for way, spi, key in (("out", OUT, KEY_OUT), ("in", IN, KEY_IN)):
        mobx("sa", "add", "dir", way, "spi", hex(spi), "peer", "1", "mode",
             "tunnel", "enc", "null", "auth", "hmac-sha1-96", "0x" + key.hex())
    for order, remote in ((10, B), (20, "::/0")):
        mobx("policy", "add", "order", str(order), "action", "protect", "peer",
             "1", "mode", "tunnel", "remote", remote)


def test(wire, host):
    with Expect(host, "IPv4 comes out of the tunnel", [b"four"],
                in_protected=1):
        wire.esp(esp(1, ip_packet(B, A, 17, udp(b"four")), next_header=4))
    with Expect(host, "IPv6 does not", in_malformed=1, in_protected=0):
        wire.esp(esp(2, inside(17, udp(b"six")), next_header=41))
    run("ip", "netns", "exec", "a", "sysctl", "-qw",
        "net.netfilter.nf_conntrack_frag6_timeout=1")
    with Expect(host, "nor do fragments that never are complete",
                in_malformed=2, in_protected=0):
        # The first, and without it, of which nobody is told.
        for seq, offset in ((3, 0), (4, 40)):
            head = struct.pack("!BBHI", 17, 0, offset | 1, seq)
            wire.esp(esp(seq, inside(44, head + bytes(40)), next_header=41))
        time.sleep(3)
    with Expect(host, "and nothing is broken", [b"still"], in_protected=1):
        wire.esp(esp(5, ip_packet(B, A, 17, udp(b"still")), next_header=4))


def everything():
    world()
    tunnel()
    test(Wire(), Host())


if __name__ == "__main__":
    sys.exit(play(everything, "the kernel was not told ipv6.disable=1"
                  if os.path.exists("/proc/net/if_inet6") else ""))

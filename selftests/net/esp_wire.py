#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""ESP on the wire: an independent encoder and decoder against the module.

NULL encryption with HMAC-SHA1-96 needs nothing but hashlib, so this test makes
authentic packets with any contents, and reads those that the module makes. A
packet's fate is told by what an application receives and by the counters.

covers: ES1 ES2 ES4 ES5 ES6 ES8 ES10 ES11 ES13 ES16 ES17 ES18 ES21 AR7 AR8 I4 I8
"""
# rig: timeout=600

import hashlib
import hmac
import os
import struct
import subprocess
import sys
import time

from wire import (A, B, Expect, Host, IN, MOBX, OUT, PORT, STRANGER, Tap, Wire,
                  checksum, counter, ip_packet, mobx, play, run, udp, world)

KEY_IN, KEY_OUT = bytes(range(20)), bytes(range(40, 60))
ICV = 12


def esp(seq, payload, spi=IN, next_header=17, key=KEY_IN, pad=None,
        padlen=None):
    """An authentic packet; pad and padlen as they should not be, if given."""
    if pad is None:
        pad = bytes(range(1, (-len(payload) - 2) % 4 + 1))
    if padlen is None:
        padlen = len(pad)
    body = struct.pack("!II", spi, seq) + payload + pad + \
        bytes((padlen, next_header))
    return body + hmac.new(key, body, hashlib.sha1).digest()[:ICV]


def fresh(window=64, more=()):
    """Peer and SAs anew, so that sequence numbers begin at 1."""
    mobx("policy", "flush")
    mobx("peer", "flush")
    mobx("peer", "add", "1", "local", A, "remote", B)
    mobx("sa", "add", "dir", "out", "spi", hex(OUT), "peer", "1", "enc",
         "null", "auth", "hmac-sha1-96", "0x" + KEY_OUT.hex())
    mobx("sa", "add", "dir", "in", "spi", hex(IN), "peer", "1", "enc",
         "null", "auth", "hmac-sha1-96", "0x" + KEY_IN.hex(),
         "replay-window", str(window), *more)
    mobx("policy", "add", "order", "10", "action", "protect", "remote", B)


def test_decode(wire, host):
    """What the module sends, read by somebody else."""
    fresh()
    wire.receive(0.05)
    sizes = list(range(0, 20)) + [1000]
    for size in sizes:
        host.sock.sendto(b"x" * size, (B, PORT))
    packets = [p for p in wire.receive() if p[9] == 50]
    wrong = []
    for number, (size, packet) in enumerate(zip(sizes, packets), 1):
        body, icv = packet[20:-ICV], packet[-ICV:]
        spi, seq = struct.unpack("!II", body[:8])
        padlen, next_header = body[-2:]
        pad = body[-2 - padlen:-2]
        payload = body[8:-2 - padlen]
        if (spi, seq, next_header) != (OUT, number, 17) or \
           hmac.new(KEY_OUT, body, hashlib.sha1).digest()[:ICV] != icv or \
           pad != bytes(range(1, padlen + 1)) or len(body) % 4 or \
           payload[8:] != b"x" * size or checksum(packet[:20]):
            wrong.append(packet.hex())
    Tap.check(len(packets) == len(sizes) and not wrong,
              "sent: SPI, sequence from 1 without a gap, padding, next header,"
              " ICV, IP checksum", len(packets), *wrong)


def sizes_sent(wire, host, tfc, sizes):
    """Lengths of the ESP packets of datagrams, and of what is in them."""
    fresh()
    run(MOBX, "-n", "a", "sa", "delete", "dir", "out", "spi", hex(OUT), "peer",
        "1")
    mobx("sa", "add", "dir", "out", "spi", hex(OUT), "peer", "1", "enc",
         "null", "auth", "hmac-sha1-96", "0x" + KEY_OUT.hex(), "tfc", tfc)
    wire.receive(0.05)
    for size in sizes:
        host.sock.sendto(b"x" * size, (B, PORT))
    packets = [p for p in wire.receive() if p[9] == 50]
    inner = []
    for packet in packets:
        body = packet[20:-ICV]
        text = body[8:-2 - body[-2]]
        length = struct.unpack("!H", text[4:6])[0]
        inner.append(length - 8 if text[8:length] == b"x" * (length - 8) and
                     not any(text[length:]) else -1)
    return [len(p) for p in packets], inner


def test_tfc(wire, host):
    sizes = [0, 1, 50, 171, 172, 180, 500]
    outer, inner = sizes_sent(wire, host, "200", sizes)
    Tap.check(inner == sizes and len(set(outer[:5])) == 1 and
              outer[0] < outer[5] < outer[6],
              "TFC: all datagrams up to 200 octets look alike", outer, inner)
    outer, inner = sizes_sent(wire, host, "mtu", sizes)
    Tap.check(inner == sizes and len(set(outer)) == 1 and
              1497 <= outer[0] <= 1500, "TFC: up to the MTU", outer, inner)
    with Expect(host, "TFC: the receiver cuts it off", [b"short", b""],
                in_protected=2, in_padding=0):
        wire.esp(esp(1, udp(b"short") + bytes(995)))
        wire.esp(esp(2, udp(b"") + b"anything but zero"))


def test_sequence_end(wire, host):
    fresh()
    run(MOBX, "-n", "a", "sa", "delete", "dir", "out", "spi", hex(OUT), "peer",
        "1")
    mobx("sa", "add", "dir", "out", "spi", hex(OUT), "peer", "1", "enc",
         "null", "auth", "hmac-sha1-96", "0x" + KEY_OUT.hex(), "seq",
         str(2**32 - 3))
    wire.receive(0.05)
    before = counter("out-seq-overflow")
    for _ in range(5):
        try:
            host.sock.sendto(b"x", (B, PORT))
        except OSError:
            pass
    seqs = [struct.unpack("!I", p[24:28])[0] for p in wire.receive()
            if p[9] == 50]
    Tap.check(seqs == [2**32 - 2, 2**32 - 1] and
              counter("out-seq-overflow") - before >= 1,
              "the sequence number never cycles", seqs)


def test_contents(wire, host):
    fresh()
    with Expect(host, "an authentic datagram is delivered", [b"hello"],
                in_protected=1):
        wire.esp(esp(1, udp(b"hello")))
    with Expect(host, "an empty one too", [b""], in_protected=1):
        wire.esp(esp(2, udp(b"")))
    with Expect(host, "padding of 255 octets", [b"p" * 3], in_protected=1):
        wire.esp(esp(3, udp(b"p" * 3), pad=bytes(range(1, 256))))
    with Expect(host, "wrong padding", in_padding=1, in_protected=0):
        wire.esp(esp(4, udp(b"abcd"), pad=b"\1\3"))
    with Expect(host, "more padding than packet", in_padding=1,
                in_protected=0):
        wire.esp(esp(5, udp(b"abcd"), pad=b"\1\2", padlen=200))
    with Expect(host, "padding reaches into the ESP header", in_padding=1,
                in_protected=0):
        wire.esp(esp(6, b"", pad=b"\1\2", padlen=3))
    with Expect(host, "dummy packets vanish and use a number", in_dummy=1,
                in_replayed=1, in_protected=0, in_padding=0):
        wire.esp(esp(7, os.urandom(18), next_header=59))
        wire.esp(esp(7, udp(b"again")))
    Tap.check(not [p for p in wire.receive(0.3) if p[9] == 1],
              "no ICMP about any of them")
    for number, next_header in enumerate((0, 22, 50, 51, 41, 4, 253, 255), 8):
        wire.esp(esp(number, os.urandom(22), next_header=next_header))
    with Expect(host, "whatever other protocols did, the next one comes",
                [b"still here"], in_protected=1):
        wire.esp(esp(30, udp(b"still here")))
    inner = esp(31, udp(b"inner"))
    with Expect(host, "ESP in ESP with our own SPI", in_malformed=1):
        wire.esp(esp(32, inner, next_header=50))


def test_damage(wire, host):
    fresh()
    good = esp(5, udp(b"fragile"))
    flips = [bytes(c ^ (1 << (i % 8)) if i == j else c
                   for j, c in enumerate(good))
             for i in range(4, len(good))]
    with Expect(host, "a flipped bit anywhere", in_integrity=len(flips),
                in_protected=0):
        for packet in flips:
            wire.esp(packet)
    before = [counter(n) for n in ("in-unknown-spi", "in-malformed",
                                   "in-integrity")]
    for length in range(len(good)):
        wire.esp(good[:length])
    host_got = host.got()
    grew = sum(counter(n) for n in ("in-unknown-spi", "in-malformed",
                                    "in-integrity")) - sum(before)
    # Those without a whole SPI and number are left to XFRM without a count.
    Tap.check(not host_got and grew == len(good) - 8,
              "cut off anywhere", host_got, grew)
    with Expect(host, "forged numbers far ahead have not moved the window",
                [b"fragile"], in_protected=1, in_replayed=0):
        wire.esp(good)
    with Expect(host, "one more octet", in_malformed=1):
        wire.esp(esp(6, udp(b"fragile")) + b"x")
    with Expect(host, "four more octets", in_integrity=1):
        wire.esp(esp(6, udp(b"fragile")) + b"wxyz")
    with Expect(host, "reserved and unknown SPIs", in_unknown_spi=3):
        for spi in (0, 255, 0x1002):
            wire.esp(esp(6, udp(b"x"), spi=spi))
    with Expect(host, "another key", in_integrity=1):
        wire.esp(esp(6, udp(b"x"), key=KEY_OUT))
    packet = esp(8, udp(b"in pieces" * 3))
    with Expect(host, "ESP in fragments is put together first",
                [b"in pieces" * 3], in_protected=1):
        wire.send(ip_packet(B, A, 50, packet[:24], frag=0x2000))
        wire.send(ip_packet(B, A, 50, packet[24:], frag=3))


def test_replay(wire, host):
    fresh(window=64)
    steps = ((1, True), (1, False), (3, True), (2, True), (1000, True),
             (1000, False), (937, True), (937, False), (938, True),
             (800, False), (1001, True), (1065, True), (1002, True),
             (1001, False), (2**31, True), (2**31 - 63, True), (1065, False),
             (2**32 - 1, True), (2**32 - 1, False), (2**32 - 64, True),
             (0, False))
    accepted = [b"%d" % s for s, good in steps if good]
    with Expect(host, "the window's edges, W = 64", accepted,
                in_protected=len(accepted),
                in_replayed=len(steps) - len(accepted)):
        for seq, _ in steps:
            wire.esp(esp(seq, udp(b"%d" % seq)))
    shown = mobx("sa", "show", "dir", "in", "spi", hex(IN))
    Tap.check(f"seq {2**32 - 1}" in shown, "the SA shows the highest number",
              shown)
    fresh(window=0)
    with Expect(host, "without a window all come, as often as they like",
                [b"a", b"a", b"b", b"c"], in_protected=4, in_replayed=0):
        for seq, data in ((5, b"a"), (5, b"a"), (0, b"b"), (1, b"c")):
            wire.esp(esp(seq, udp(data)))
    fresh(window=1024)
    packets = [esp(s, udp(b"%d" % s)) for s in range(1, 200)]
    with Expect(host, "a whole flight twice: each once",
                [b"%d" % s for s in range(1, 200)], in_protected=199,
                in_replayed=199):
        for packet in packets + packets:
            wire.esp(packet)


def test_selectors(wire, host):
    fresh(more=("selector", "proto", "udp", "sport", str(PORT)))
    with Expect(host, "what the SA's selectors allow", [b"yes"],
                in_protected=1, in_selector=0):
        wire.esp(esp(1, udp(b"yes")))
    with Expect(host, "another port, another protocol, no ports at all",
                in_selector=3, in_protected=0):
        wire.esp(esp(2, udp(b"no", dport=PORT + 1)))
        wire.esp(esp(3, os.urandom(20), next_header=6))
        wire.esp(esp(4, b"ab"))


def test_source(wire, host):
    fresh()
    with Expect(host, "an unknown source: kept, then dropped", in_kept=1,
                in_unknown_source=1, in_protected=0):
        wire.esp(esp(1, udp(b"who")), src=STRANGER)
        time.sleep(0.5)
    # The command is up and waits for its line, for the packet overtakes the
    # rebind by less than 100 ms.
    with Expect(host, "a rebind meanwhile admits it, a moment late",
                [b"early"], in_kept=1, in_protected=1, in_unknown_source=0), \
         subprocess.Popen((MOBX, "-n", "a", "-b", "-"), text=True,
                          stdin=subprocess.PIPE) as command:
        time.sleep(0.5)
        wire.esp(esp(2, udp(b"early")), src=STRANGER)
        command.stdin.write(
            f"peer set 1 local {A} remote {B},{STRANGER}\n")
        command.stdin.close()
    with Expect(host, "and then it is at home", [b"home"], in_protected=1,
                in_kept=0):
        wire.esp(esp(3, udp(b"home")), src=STRANGER)
    with Expect(host, "deprecated: taken until its time", [b"late"],
                in_protected=1):
        mobx("peer", "set", "1", "path", "local", A, "remote", B, "primary",
             "path", "local", A, "remote", STRANGER, "state", "deprecated",
             "accept-until", "2000")
        wire.esp(esp(4, udp(b"late")), src=STRANGER)
    time.sleep(2.2)
    with Expect(host, "and no longer", in_removed_path=1, in_protected=0):
        wire.esp(esp(5, udp(b"too late")), src=STRANGER)
    mobx("peer", "set", "1", "path", "local", A, "remote", B, "primary",
         "path", "local", A, "remote", STRANGER, "state", "removed")
    with Expect(host, "removed: dropped at once", in_removed_path=1,
                in_kept=0, in_protected=0):
        wire.esp(esp(6, udp(b"gone")), src=STRANGER)
    with Expect(host, "and is a source of replays no more than others",
                in_replayed=1, in_protected=0):
        wire.esp(esp(6, udp(b"gone")))


def test_lifetime(wire, host):
    fresh(more=("hard-packets", "3"))
    before = counter("in-expired") + counter("in-unknown-spi")
    with Expect(host, "a hard limit in packets", [b"1", b"2", b"3"],
                in_protected=3):
        for seq in range(1, 6):
            wire.esp(esp(seq, udp(b"%d" % seq)))
    after = counter("in-expired") + counter("in-unknown-spi")
    shown = mobx("sa", "show", "dir", "in")
    Tap.check(after - before == 2 and not shown,
              "what is beyond it is dropped, and the SA is gone",
              after - before, shown)


def test_clear(wire, host):
    fresh()
    with Expect(host, "clear packets that should be protected",
                in_clear_discarded=2, in_protected=0):
        wire.send(ip_packet(B, A, 17, udp(b"clear")))
        wire.send(ip_packet(B, A, 6, os.urandom(20)))
    pieces = udp(b"clear in pieces!" * 4)
    with Expect(host, "also in fragments", in_clear_discarded=1):
        wire.send(ip_packet(B, A, 17, pieces[:24], frag=0x2000))
        wire.send(ip_packet(B, A, 17, pieces[24:], frag=3))
    with Expect(host, "others come in clear", [b"hi"], in_clear_discarded=0):
        wire.send(ip_packet(STRANGER, A, 17, udp(b"hi")))


def everything():
    world()
    wire, host = Wire(), Host()
    for test in (test_decode, test_tfc, test_sequence_end, test_contents,
                 test_damage, test_replay, test_selectors, test_source,
                 test_lifetime, test_clear):
        test(wire, host)


if __name__ == "__main__":
    sys.exit(play(everything))

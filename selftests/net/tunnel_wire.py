#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tunnel mode on the wire, field by field.

A gateway with mobx between two links whose other ends are in this program's
hands: packets of any shape go in on one side, and what comes out on the other
is read. ESP is with NULL encryption, made and read here.

covers: TN1 TN2 TN3 TN5 TN6 ES9 ES10 ES11 AR8 AR9 I8
"""
# rig: timeout=600

import socket
import struct
import sys
import time

import esp_wire
from esp_wire import KEY_IN, KEY_OUT, esp
from wire import (IN, OUT, Tap, checksum, counter, in_namespace, mac, mobx, play,
                  run, udp, unhex)

A4, B4, A6, B6 = "10.8.0.1", "10.8.0.2", "fd00:8::1", "fd00:8::2"
H4, K4, H6, K6 = "10.1.0.2", "10.2.0.5", "fd00:1::2", "fd00:2::5"
STRANGER = "10.8.0.9"
IP4, IP6 = 0x0800, 0x86dd
UDP, FRAGMENT, AH, DEST = 17, 44, 51, 60
DF, MF = 0x4000, 0x2000
ICV = 12


def world():
    for ns in ("a", "b", "h"):
        run("ip", "netns", "add", ns)
        run("ip", "-n", ns, "link", "set", "lo", "up")
    for one, dev, other, peer in (("a", "va", "b", "vb"),
                                  ("a", "ah", "h", "ha")):
        run("ip", "link", "add", dev, "netns", one, "type", "veth", "peer",
            "name", peer, "netns", other)
        run("ip", "-n", one, "link", "set", dev, "up")
        run("ip", "-n", other, "link", "set", peer, "up")
    for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        run("ip", "netns", "exec", "a", "sysctl", "-qw", name + "=1")
    for dev, four, six in (("va", A4, A6), ("ah", "10.1.0.1", "fd00:1::1")):
        run("ip", "-n", "a", "addr", "add", four + "/24", "dev", dev)
        run("ip", "-n", "a", "addr", "add", six + "/64", "dev", dev, "nodad")
    for dev, other, peer, addresses in (
            ("va", "b", "vb", (B4, B6, STRANGER)), ("ah", "h", "ha", (H4, H6))):
        for address in addresses:
            run("ip", "-n", "a", "neigh", "replace", address, "dev", dev,
                "lladdr", mac(other, peer), "nud", "permanent")
    run("ip", "-n", "a", "route", "add", "10.2.0.0/24", "via", B4)
    run("ip", "-n", "a", "-6", "route", "add", "fd00:2::/64", "via", B6)


class Link:
    """The far end of one of a's links."""

    def __init__(self, ns, dev, other):
        self.to = unhex(mac("a", other))
        self.me = unhex(mac(ns, dev))

        def make():
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                 socket.htons(3))
            sock.bind((dev, 3))
            return sock

        self.sock = in_namespace(ns, make)

    def send(self, packet):
        kind = IP4 if packet[0] >> 4 == 4 else IP6
        self.sock.send(self.to + self.me + struct.pack("!H", kind) + packet)

    def receive(self, wanted, wait=1.0):
        """The next IP packet that a sends and that is wanted, or None."""
        end = time.monotonic() + wait
        while time.monotonic() < end:
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                frame, where = self.sock.recvfrom(65536)
            except socket.timeout:
                return None
            kind = struct.unpack("!H", frame[12:14])[0]
            if where[2] == socket.PACKET_OUTGOING or kind not in (IP4, IP6):
                continue
            if wanted(frame[14:]):
                return frame[14:]
        return None


def proto(packet):
    return packet[9] if packet[0] >> 4 == 4 else packet[6]


def is_esp(packet):
    return proto(packet) == 50


def is_udp(packet):
    return proto(packet) == 17


def is_ours(packet):
    """From the host behind the tunnel, as a gateway may pass it on."""
    return packet[8:24] == socket.inet_pton(socket.AF_INET6, K6)


def ip4(src, dst, payload, tos=0, ttl=77, ident=0x1234, frag=0, options=b"",
        kind=17):
    length = 20 + len(options)
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | length // 4, tos,
                       length + len(payload), ident, frag, ttl, kind, 0,
                       socket.inet_aton(src), socket.inet_aton(dst)) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(src, dst, payload, tos=0, ttl=77, label=0, kind=17):
    return struct.pack("!IHBB", 6 << 28 | tos << 20 | label, len(payload),
                       kind, ttl) + \
        socket.inet_pton(socket.AF_INET6, src) + \
        socket.inet_pton(socket.AF_INET6, dst) + payload


def tos_of(packet):
    if packet[0] >> 4 == 4:
        return packet[1]
    return struct.unpack("!H", packet[:2])[0] >> 4 & 0xff


def label_of(packet):
    return struct.unpack("!I", packet[:4])[0] & 0xfffff


def udp6(payload, src, dst):
    """With its checksum, which IPv6 asks for."""
    head = struct.pack("!HHHH", 4242, 4242, 8 + len(payload), 0)
    pseudo = socket.inet_pton(socket.AF_INET6, src) + \
        socket.inet_pton(socket.AF_INET6, dst) + \
        struct.pack("!II", len(head + payload), 17)
    return head[:6] + struct.pack("!H", checksum(pseudo + head + payload)) + \
        payload


def open_esp(packet):
    """(next header, inner packet) of an authentic one, else None."""
    at = 20 if packet[0] >> 4 == 4 else 40
    if packet[0] >> 4 == 4 and (packet[0] & 15 != 5 or checksum(packet[:20])):
        return None
    body, icv = packet[at:-ICV], packet[-ICV:]
    if esp_wire.hmac.new(KEY_OUT, body,
                         esp_wire.hashlib.sha1).digest()[:ICV] != icv or \
            struct.unpack("!I", body[:4])[0] != OUT:
        return None
    return body[-1], body[8:-2 - body[-2]]


def tunnel(outer, *more, far="fd00:2::/64"):
    """The tunnel anew: sequence numbers begin at 1."""
    mobx("policy", "flush")
    mobx("peer", "flush")
    local, remote = (A4, B4) if outer == 4 else (A6, B6)
    mobx("peer", "add", "1", "local", local, "remote", remote)
    for way, spi, key, options in (("out", OUT, KEY_OUT, more),
                                   ("in", IN, KEY_IN, ())):
        mobx("sa", "add", "dir", way, "spi", hex(spi), "peer", "1", "mode",
             "tunnel", "enc", "null", "auth", "hmac-sha1-96", "0x" + key.hex(),
             *options, "selector", "local", "10.1.0.0/24", "remote",
             "10.2.0.0/24", "selector", "local", "fd00:1::/64", "remote", far)
    for order, left, right in ((10, "10.1.0.0/24", "10.2.0.0/24"),
                               (20, "fd00:1::/64", far)):
        mobx("policy", "add", "order", str(order), "action", "protect",
             "peer", "1", "mode", "tunnel", "local", left, "remote", right)


def transport():
    """Between the gateways' addresses of IPv6, inbound only."""
    mobx("policy", "flush")
    mobx("peer", "flush")
    mobx("peer", "add", "1", "local", A6, "remote", B6)
    mobx("sa", "add", "dir", "in", "spi", hex(IN), "peer", "1", "enc", "null",
         "auth", "hmac-sha1-96", "0x" + KEY_IN.hex())


def from_host(inner, data=b"hello", **fields):
    """A packet of the host behind the gateway."""
    if inner == 4:
        return ip4(H4, K4, udp(data), **fields)
    return ip6(H6, K6, udp6(data, H6, K6), **fields)


def golden(outer, inner, wire, lan):
    what = f"IPv{inner} in IPv{outer}:"
    tunnel(outer)
    fields = {"tos": 0xba, "ttl": 77}
    if inner == 4:
        fields.update(ident=0x1234, frag=DF, options=b"\x01" * 4)
    else:
        fields.update(label=0x54321)
    sent = from_host(inner, **fields)
    lan.send(sent)
    got = wire.receive(is_esp)
    opened = open_esp(got) if got else None
    Tap.check(opened is not None, f"{what} ESP, authentic", got)
    if opened is None:
        return
    Tap.check(tos_of(got) == 0xba, f"{what} DSCP and ECN copied", got.hex())
    if outer == 4:
        source, target = socket.inet_ntoa(got[12:16]), \
            socket.inet_ntoa(got[16:20])
        ident, frag, ttl = struct.unpack("!HHB", got[4:9])
        Tap.check((source, target) == (A4, B4) and got[0] == 0x45 and
                  ttl == 64 and ident != 0x1234 and frag == DF and
                  struct.unpack("!H", got[2:4])[0] == len(got),
                  f"{what} own addresses, TTL and identification, DF, no"
                  " options", got.hex())
    else:
        Tap.check(got[8:40] == socket.inet_pton(socket.AF_INET6, A6) +
                  socket.inet_pton(socket.AF_INET6, B6) and got[7] == 64 and
                  label_of(got) == 0 and
                  struct.unpack("!H", got[4:6])[0] == len(got) - 40,
                  f"{what} own addresses and hop limit, no flow label of"
                  " another host's", got.hex())
    expected = from_host(inner, **{**fields, "ttl": 76})
    Tap.check(opened == (4 if inner == 4 else 41, expected),
              f"{what} next header; of the inner packet only the TTL is less"
              " by one", opened, expected.hex())


def own(wire):
    """Of the gateway's own packets the TTL stays, and a flow label is kept."""
    tunnel(6)

    def make():
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind(("fd00:1::1", 0))
        return sock

    in_namespace("a", make).sendto(b"mine", (K6, 4242))
    got = wire.receive(is_esp)
    opened = open_esp(got) if got else None
    Tap.check(opened and opened[1][7] == 64 and
              label_of(opened[1]) == label_of(got),
              "the gateway's own: TTL as it was, flow label copied",
              got and got.hex())


def df_table(wire, lan):
    for mode, want in (("copy", (0, DF)), ("set", (DF, DF)),
                       ("clear", (0, 0))):
        tunnel(4, "df", mode)
        seen = []
        for frag in (0, DF):
            lan.send(from_host(4, frag=frag))
            got = wire.receive(is_esp)
            seen.append(struct.unpack("!H", got[6:8])[0] if got else None)
        Tap.check(tuple(seen) == want, f"df {mode}", seen)
    tunnel(4)
    lan.send(from_host(6))
    got = wire.receive(is_esp)
    Tap.check(got and struct.unpack("!H", got[6:8])[0] == DF,
              "df copy: set for IPv6", got)
    idents = set()
    for _ in range(4):
        lan.send(from_host(4))
        got = wire.receive(is_esp)
        idents.add(got and got[4:6])
    Tap.check(len(idents) == 4 and b"\x12\x34" not in idents,
              "without DF each packet has an identification of its own",
              idents)


def ecn_out(outer, inner, wire, lan):
    tunnel(outer)
    seen = []
    for ecn in range(4):
        lan.send(from_host(inner, tos=0x28 | ecn))
        got = wire.receive(is_esp)
        opened = open_esp(got) if got else None
        seen.append((tos_of(got), tos_of(opened[1])) if opened else None)
    Tap.check(seen == [(0x28 | e, 0x28 | e) for e in range(4)],
              f"IPv{inner} in IPv{outer}: ECN is copied when it leaves", seen)


class Peer:
    """The other gateway: numbers its packets."""

    def __init__(self, wire, outer):
        self.wire, self.outer, self.seq = wire, outer, 0

    def send(self, inner, tos=0, next_header=None, src=None):
        self.seq += 1
        if next_header is None:
            next_header = 4 if inner[0] >> 4 == 4 else 41
        data = esp(self.seq, inner, next_header=next_header)
        if self.outer == 4:
            self.wire.send(ip4(src or B4, A4, data, tos=tos, kind=50))
        else:
            self.wire.send(ip6(src or B6, A6, data, tos=tos, kind=50))


# RFC 6040, figure 4: rows inner, columns outer, Not-ECT ECT(1) ECT(0) CE as
# numbers; None is a drop.
ECN_IN = ((0, 0, 0, None), (1, 1, 1, 3), (2, 1, 2, 3), (3, 3, 3, 3))


def to_host(inner, data=b"welcome", **fields):
    if inner == 4:
        return ip4(K4, H4, udp(data), **fields)
    return ip6(K6, H6, udp6(data, K6, H6), **fields)


def ecn_in(outer, inner, wire, lan):
    tunnel(outer)
    peer = Peer(wire, outer)
    dropped = counter("in-ecn")
    wrong = []
    for i, row in enumerate(ECN_IN):
        for o, want in enumerate(row):
            peer.send(to_host(inner, tos=0xb8 | i), tos=0x28 | o)
            got = lan.receive(is_udp, 0.3 if want is None else 1)
            seen = tos_of(got) if got else None
            if seen != (None if want is None else 0xb8 | want) or \
               got and inner == 4 and checksum(got[:20]):
                wrong.append((i, o, want, seen))
    Tap.check(not wrong, f"IPv{inner} in IPv{outer}: ECN when it arrives, 16"
              " cells; DSCP stays its own", *wrong)
    Tap.check(counter("in-ecn") - dropped == 1, "one of them counted as lost")


def refused(wire, lan):
    tunnel(4)
    peer = Peer(wire, 4)

    def expect(name, what, want=None, **counters):
        before = {k: counter(k.replace("_", "-")) for k in counters}
        what()
        got = lan.receive(is_udp, 0.3 if want is None else 1)
        grew = {k: counter(k.replace("_", "-")) - v
                for k, v in before.items()}
        Tap.check((got and got[28:]) == want and grew == counters, name,
                  got, grew)

    expect("another source than the selectors allow",
           lambda: peer.send(ip4("10.3.0.5", H4, udp(b"x"))), in_selector=1)
    expect("another destination",
           lambda: peer.send(ip4(K4, "10.8.0.1", udp(b"x"))), in_selector=1)
    expect("the other way round",
           lambda: peer.send(ip4(H4, K4, udp(b"x"))), in_selector=1)
    expect("no IP packet inside",
           lambda: peer.send(udp(b"x"), next_header=17), in_malformed=1)
    expect("a header of the other version",
           lambda: peer.send(to_host(4), next_header=41), in_malformed=1)
    expect("a piece of a header",
           lambda: peer.send(to_host(4)[:16], next_header=4), in_malformed=1)
    expect("less than the header says",
           lambda: peer.send(to_host(4)[:-1], next_header=4), in_malformed=1)
    expect("more than the header says is padding",
           lambda: peer.send(to_host(4, b"tfc") + bytes(64)), b"tfc",
           in_protected=1)
    expect("a dummy packet",
           lambda: peer.send(b"\xff" * 40, next_header=59), in_dummy=1,
           in_malformed=0)
    expect("from an unknown source: delivered",
           lambda: peer.send(to_host(4, b"far"), src=STRANGER), b"far",
           in_protected=1, in_unknown_source=0, in_kept=0)
    expect("in clear: not",
           lambda: wire.send(to_host(4)), in_clear_discarded=1)


def from_ourselves(wire, lan):
    """A peer that may send from anywhere does not speak for the gateway."""
    tunnel(4, far="::/0")
    peer = Peer(wire, 4)
    for src, wanted in ((K6, True), (A6, False), ("fd00:1::1", False)):
        before = counter("in-selector")
        peer.send(ip6(src, H6, udp6(b"whose", src, H6)))
        got = lan.receive(is_udp, 1 if wanted else 0.3)
        Tap.check((got is not None) == wanted and
                  counter("in-selector") - before == (not wanted),
                  f"IPv6 from {src}: " + ("passed on" if wanted else
                                          "the gateway's own, dropped"), got)


def fragments(wire, lan):
    tunnel(4)
    peer = Peer(wire, 4)
    data = udp(b"abcdefgh" * 8)

    def pair(ident):
        return (ip4(K4, H4, data[:40], frag=MF, ident=ident),
                ip4(K4, H4, data[40:], frag=5, ident=ident))

    first, last = pair(1)
    before = counter("in-protected")
    peer.send(first)
    peer.send(last)
    got = lan.receive(is_udp)
    Tap.check(got and got[20:] == data, "fragments in a tunnel", got)
    Tap.check(counter("in-protected") - before == 1, "are one packet")
    for ident, name, one, other in (
            (2, "the first in clear", wire.send, peer.send),
            (3, "the last in clear", peer.send, wire.send)):
        first, last = pair(ident)
        one(first)
        other(last)
        Tap.check(lan.receive(is_udp, 0.3) is None,
                  f"fragments, {name}: not put together")
    foreign = ip4("10.3.0.5", H4, data[40:], frag=5)
    before = counter("in-selector")
    peer.send(foreign)
    lan.receive(is_udp, 0.2)
    Tap.check(counter("in-selector") - before == 1,
              "a later fragment from a source that is not allowed")
    for ident, to, carried in ((5, K4, True), (6, "10.3.0.1", False)):
        error = struct.pack("!BBHHH", 3, 4, 0, 0, 576) + ip4(H4, to, udp(b"x"))
        error = error[:2] + struct.pack("!H", checksum(error)) + error[4:]
        before = counter("in-icmp")
        peer.send(ip4(K4, H4, error[:8], frag=MF, ident=ident, kind=1))
        peer.send(ip4(K4, H4, error[8:], frag=1, ident=ident, kind=1))
        got = lan.receive(lambda p: proto(p) == 1, 1 if carried else 0.3)
        Tap.check((got is not None) == carried and
                  counter("in-icmp") - before == (not carried),
                  "an ICMP error in fragments, about what the SA "
                  + ("carries: taken" if carried else
                     "never carried: dropped and counted"), got)


def piece(ident, offset, more, follows, data):
    """What an IPv6 header has behind it for a fragment."""
    return struct.pack("!BBHI", follows, 0, offset | more, ident) + data


def inside(data, kind=FRAGMENT):
    return ip6(K6, H6, data, kind=kind)


DATAGRAM6 = udp6(b"abcdefgh" * 8, K6, H6)
OPTIONS = bytes((UDP, 0, 1, 4)) + bytes(4)


def whole6(wire, lan):
    tunnel(4)
    peer = Peer(wire, 4)
    before = counter("in-protected")
    peer.send(inside(piece(1, 0, 1, UDP, DATAGRAM6[:40])))
    peer.send(inside(piece(1, 40, 0, UDP, DATAGRAM6[40:])))
    got = lan.receive(is_ours)
    # A gateway passes it on as it came, so in a fragment, be it the only one.
    Tap.check(got and got.endswith(DATAGRAM6) and
              counter("in-protected") - before == 1,
              "IPv6 fragments in a tunnel are one packet", got)


def never_whole(wire, lan):
    """What no defragmenter makes whole does not come out of a tunnel."""
    tunnel(4)
    peer = Peer(wire, 4)
    nested = piece(22, 40, 0, UDP, DATAGRAM6[40:])
    for name, clear, pieces in (
            ("a first fragment without its last header", None,
             (piece(20, 0, 1, DEST, OPTIONS),)),
            ("a first fragment of 41 octets", None,
             (piece(21, 0, 1, UDP, DATAGRAM6[:41]),)),
            ("a fragment in fragments",
             piece(22, 0, 1, UDP, DATAGRAM6[:40]),
             (piece(23, 0, 1, FRAGMENT, nested[:16]),
              piece(23, 16, 0, FRAGMENT, nested[16:])))):
        before = counter("in-fragment")
        if clear:
            wire.send(inside(clear))
        for each in pieces:
            peer.send(inside(each))
        got = lan.receive(is_ours, 0.3)
        Tap.check(got is None and counter("in-fragment") - before == 1,
                  f"IPv6, {name}: dropped and counted", got)


def hidden(wire, lan):
    """A fragment is one, whatever other headers it has."""
    first, last = DATAGRAM6[:40], DATAGRAM6[40:]
    atomic = piece(31, 0, 0, UDP, b"")
    nested = piece(30, 0, 1, FRAGMENT, atomic + first)
    tunnel(4)
    peer = Peer(wire, 4)
    wire.send(inside(piece(30, 48, 0, FRAGMENT, last)))
    peer.send(inside(nested))
    Tap.check(lan.receive(is_ours, 0.3) is None,
              "one that has a second fragment header is not completed by one in"
              " clear")
    peer.send(inside(piece(30, 48, 0, FRAGMENT, last)))
    got = lan.receive(is_ours)
    Tap.check(got and got.endswith(DATAGRAM6), "but by one of the tunnel", got)
    buried = (("behind AH", AH, bytes((FRAGMENT, 4)) + bytes(22)),
              ("behind seventeen headers", DEST,
               (bytes((DEST, 0, 1, 4)) + bytes(4)) * 16 +
               bytes((FRAGMENT, 0, 1, 4)) + bytes(4)))
    for ident, (name, kind, front) in enumerate(buried, 32):
        while lan.receive(is_ours, 0.1):
            pass
        wire.send(inside(piece(ident, 40, 0, UDP, last)))
        peer.send(inside(front + piece(ident, 0, 1, UDP, first), kind))
        got = lan.receive(is_ours, 0.3)
        Tap.check(got is None, f"one whose header is {name}: likewise", got)
    transport()
    for seq, (name, kind, front) in enumerate(
            (("before another", FRAGMENT, b""), *buried), 1):
        data = front + piece(40, 0, 1, UDP, first) if front else nested
        before = counter("in-selector")
        wire.send(ip6(B6, A6, esp(seq, data, next_header=kind), kind=50))
        lan.receive(is_ours, 0.2)
        Tap.check(counter("in-selector") - before == 1,
                  f"transport mode, one whose header is {name}: refused")


def everything():
    world()
    wire, lan = Link("b", "vb", "va"), Link("h", "ha", "ah")
    for outer in (4, 6):
        for inner in (4, 6):
            golden(outer, inner, wire, lan)
            ecn_out(outer, inner, wire, lan)
            ecn_in(outer, inner, wire, lan)
    own(wire)
    df_table(wire, lan)
    refused(wire, lan)
    from_ourselves(wire, lan)
    fragments(wire, lan)
    whole6(wire, lan)
    never_whole(wire, lan)
    hidden(wire, lan)


if __name__ == "__main__":
    sys.exit(play(everything, namespaces=("a", "b", "h")))

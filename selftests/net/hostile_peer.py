#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""An initiator that knows its keys and keeps to no rule.

It completes IKE_SA_INIT, and IKE_AUTH where a case needs that, with an agent
that is told of it as "hostile.example", and sends what no IKE daemon would:
headers and answers are scapy's, whatever is broken is made by hand.  The keys
are derived here a second time, from RFC 7296 alone.

    hostile_peer.py OWN-ADDRESS PEER-ADDRESS

prints a line for each case: 0 or 1, and what was tried.
"""

import hashlib
import hmac
import os
import socket
import struct
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from scapy.contrib.ikev2 import (IKEv2, IKEv2_payload_Notify)

PSK = b"another key for this test"
NAME = b"hostile.example"
SA, KE, IDI, AUTH, NONCE, NOTIFY, DELETE, VENDOR, TSI, TSR, SK = \
    33, 34, 35, 39, 40, 41, 42, 43, 44, 45, 46
INIT, IKE_AUTH, CREATE, INFORMATIONAL = 34, 35, 36, 37
INITIATOR, RESPONSE = 0x08, 0x20
UNSUPPORTED_CRITICAL, INVALID_IKE_SPI, INVALID_MAJOR, INVALID_SYNTAX = 1, 4, 5, 7
NO_PROPOSAL, INVALID_KE, AUTH_FAILED, USE_TRANSPORT = 14, 17, 24, 16391
# Payloads that nobody knows; chain() makes the first one critical.
UNKNOWN, HARMLESS = 200, 201
# RFC 3526, section 3.
PRIME = int("""
    FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74
    020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437
    4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED
    EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05
    98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB
    9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B
    E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718
    3995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF
    """.replace("\n", "").replace(" ", ""), 16)


def prf(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def prf_plus(key, seed, length):
    out, block, count = b"", b"", 1
    while len(out) < length:
        block = prf(key, block + seed + bytes([count]))
        out += block
        count += 1
    return out[:length]


# ------------------------------------------------------------- payloads

def chain(payloads, reserved=0):
    """(type of the first, octets) of [(type, body)]; a body may be a pair of
    octets and length field, where that is to be wrong."""
    out = b""
    for i, (_, body) in enumerate(payloads):
        body, length = body if isinstance(body, tuple) else \
            (body, len(body) + 4)
        following = payloads[i + 1][0] if i + 1 < len(payloads) else 0
        flags = reserved
        if payloads[i][0] == UNKNOWN:
            flags |= 0x80
        out += struct.pack("!BBH", following, flags, length) + body
    return (payloads[0][0] if payloads else 0), out


def transforms(items, reserved=0):
    out = b""
    for i, (kind, number, bits) in enumerate(items):
        attribute = struct.pack("!HH", 0x800e, bits) if bits else b""
        out += struct.pack("!BBHBBH", 3 if i + 1 < len(items) else 0, reserved,
                           8 + len(attribute), kind, reserved,
                           number) + attribute
    return out


def sa_body(protocol, spi, items, reserved=0):
    inner = transforms(items, reserved)
    return struct.pack("!BBHBBBB", 0, reserved, 8 + len(spi) + len(inner), 1,
                       protocol, len(spi), len(items)) + spi + inner


IKE_SUITE = [(1, 12, 128), (2, 5, 0), (3, 12, 0), (4, 14, 0)]
ESP_SUITE = [(1, 20, 128), (5, 0, 0)]


def notify(kind, data=b""):
    return (NOTIFY, struct.pack("!BBH", 0, 0, kind) + data)


def selector(address, first, last, proto=socket.IPPROTO_UDP):
    return struct.pack("!BBHHH", 7, proto, 16, first, last) + \
        2 * socket.inet_aton(address)


def header(spi_i, spi_r, first, exchange, flags, mid, body, length=None,
           version=0x20):
    return bytes(IKEv2(init_SPI=spi_i, resp_SPI=spi_r, next_payload=first,
                       version=version, exch_type=exchange, flags=flags,
                       id=mid, length=28 + len(body) if length is None
                       else length)) + body


# ------------------------------------------------------------ the wire

class Wire:
    def __init__(self, own, peer):
        self.own, self.peer = own, peer
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
        self.sock.bind((own, 500))
        self.sock.settimeout(5)

    def await_answer(self, spis):
        """The next answer for one of these SPIs of an initiator."""
        while True:
            got = self.sock.recv(65535)
            # What the agent asks us by itself is no answer.
            if got[:8] in spis and got[19] & RESPONSE:
                return got

    def ask(self, data):
        """The answer, or None after a while."""
        self.sock.sendto(data, (self.peer, 500))
        try:
            return self.await_answer([data[:8]])
        except socket.timeout:
            return None

    def ask_at_once(self, data):
        """The answer of one who need not ask others first, or None. What is
        asked behind is not answered before: no time has to pass."""
        spi = os.urandom(8)
        first, body = chain([(UNKNOWN, b"")])
        self.sock.sendto(data, (self.peer, 500))
        self.sock.sendto(header(spi, bytes(8), first, INIT, INITIATOR, 0,
                                body), (self.peer, 500))
        got = self.await_answer([data[:8], spi])
        if got[:8] == spi:
            return None
        self.await_answer([spi])
        return got


def payloads_of(first, data):
    out = []
    while first:
        following, _, length = struct.unpack_from("!BBH", data)
        out.append((first, data[4:length]))
        first, data = following, data[length:]
    return out


def notify_of(payloads):
    """(type, data) of the first Notify, read by scapy; None without."""
    for kind, body in payloads:
        if kind == NOTIFY:
            n = IKEv2_payload_Notify(struct.pack("!BBH", 0, 0, len(body) + 4)
                                     + body)
            return n.type, bytes(n.load)
    return None


def clear_notify(data):
    """The same of an unprotected answer."""
    if data is None:
        return None
    head = IKEv2(data[:28])
    if not int(head.flags) & RESPONSE or head.length != len(data):
        return None
    return notify_of(payloads_of(head.next_payload, data[28:]))


# ----------------------------------------------------------- an IKE SA

class Session:
    def __init__(self, wire):
        self.wire = wire
        self.spi_i, self.spi_r = os.urandom(8), bytes(8)
        self.ni, self.secret = os.urandom(32), int.from_bytes(os.urandom(32),
                                                              "big")
        self.public = pow(2, self.secret, PRIME).to_bytes(256, "big")
        self.mid = 0
        self.init_mine = self.init_theirs = b""

    def init_payloads(self):
        return [(SA, sa_body(1, b"", IKE_SUITE)),
                (KE, struct.pack("!HH", 14, 0) + self.public),
                (NONCE, self.ni)]

    def init_packet(self, payloads=None, reserved=0, **more):
        first, body = chain(self.init_payloads() if payloads is None
                            else payloads, reserved)
        flags = more.pop("flags", INITIATOR)
        mid = more.pop("mid", 0)
        return header(more.pop("spi_i", self.spi_i), bytes(8), first, INIT,
                      flags, mid, body, **more)

    def begin(self, packet=None):
        """True if the peer has answered as to a good IKE_SA_INIT."""
        self.init_mine = packet or self.init_packet()
        self.init_theirs = self.wire.ask_at_once(self.init_mine)
        if self.init_theirs is None:
            return False
        head = IKEv2(self.init_theirs[:28])
        got = dict(payloads_of(head.next_payload, self.init_theirs[28:]))
        if not {SA, KE, NONCE} <= set(got):
            return False
        self.spi_r = head.resp_SPI
        self.nr = got[NONCE]
        shared = pow(int.from_bytes(got[KE][4:], "big"), self.secret,
                     PRIME).to_bytes(256, "big")
        keys = prf_plus(prf(self.ni + self.nr, shared),
                        self.ni + self.nr + self.spi_i + self.spi_r,
                        5 * 32 + 2 * 16)
        self.d, self.ai, self.ar = keys[:32], keys[32:64], keys[64:96]
        self.ei, self.er = keys[96:112], keys[112:128]
        self.pi = keys[128:160]
        self.mid = 1
        return True

    def seal(self, exchange, first, inner, flags=INITIATOR, mid=None,
             pad=None, reserved=0, before=b"", after=b""):
        if pad is None:
            count = -(len(inner) + 1) % 16
            pad = bytes(count) + bytes([count])
        iv = os.urandom(16)
        aes = Cipher(algorithms.AES(self.ei), modes.CBC(iv)).encryptor()
        secret = iv + aes.update(inner + pad) + aes.finalize()
        body = before + struct.pack("!BBH", first, reserved,
                                    4 + len(secret) + 16)
        packet = header(self.spi_i, self.spi_r, VENDOR if before else SK,
                        exchange, flags, self.mid if mid is None else mid,
                        body + secret,
                        length=28 + len(body) + len(secret) + 16 + len(after))
        return packet + hmac.new(self.ai, packet,
                                 hashlib.sha256).digest()[:16] + after

    def open(self, data, exchange, mid=None):
        """[(type, body)] of the protected answer to the last request, or that
        with another message ID; None if it is none."""
        if data is None:
            return None
        head = IKEv2(data[:28])
        icv = hmac.new(self.ar, data[:-16], hashlib.sha256).digest()[:16]
        if head.next_payload != SK or icv != data[-16:] or \
                not int(head.flags) & RESPONSE or \
                head.exch_type != exchange or \
                head.id != (self.mid if mid is None else mid):
            return None
        aes = Cipher(algorithms.AES(self.er), modes.CBC(data[32:48]))
        plain = aes.decryptor().update(data[48:-16])
        return payloads_of(data[28], plain[:-1 - plain[-1]])

    def ask(self, exchange, payloads, reserved=0, **more):
        """The next request; its answer as of open()."""
        first, inner = chain(payloads, reserved)
        got = self.open(self.wire.ask(self.seal(
            exchange, first, inner, reserved=reserved, **more)), exchange,
            more.get("mid"))
        if "mid" not in more:
            self.mid += 1
        return got

    def auth_payloads(self, psk=PSK):
        ident = struct.pack("!BBH", 2, 0, 0) + NAME
        octets = self.init_mine + self.nr + prf(self.pi, ident)
        proof = prf(prf(psk, b"Key Pad for IKEv2"), octets)
        return [(IDI, ident), (AUTH, struct.pack("!BBH", 2, 0, 0) + proof),
                notify(USE_TRANSPORT), *self.child_payloads()]

    def child_payloads(self):
        count = struct.pack("!BBH", 1, 0, 0)
        return [(SA, sa_body(3, os.urandom(4), ESP_SUITE)),
                (TSI, count + selector(self.wire.own, 0, 65535)),
                (TSR, count + selector(self.wire.peer, 7, 7))]

    def alive(self):
        return self.ask(INFORMATIONAL, []) == []

    def gone(self):
        got = self.wire.ask_at_once(self.seal(INFORMATIONAL, 0, b""))
        return got is None or clear_notify(got) == (INVALID_IKE_SPI, b"")

    def end(self):
        """Nothing of it is left behind."""
        return self.ask(INFORMATIONAL,
                        [(DELETE, struct.pack("!BBH", 1, 0, 0))]) == []


def half_open(wire):
    s = Session(wire)
    return s if s.begin() else None


def established(wire):
    s = half_open(wire)
    got = dict(s.ask(IKE_AUTH, s.auth_payloads()) or [])
    if AUTH not in got or SA not in got:
        raise ValueError("IKE_AUTH: no Child SA")
    return s


def give_up(s):
    """A half-open IKE SA ends by what is malformed inside of SK."""
    return notify_of(s.ask(IKE_AUTH, [(NOTIFY, b"")]) or []) == \
        (INVALID_SYNTAX, b"")


def refused(answer, kind, data=b""):
    return answer is not None and notify_of(answer) == (kind, data)


# --------------------------------------------------------------- cases

def in_clear(wire):
    """IKE_SA_INIT, and what else has no SK."""
    def silent(name, packet):
        yield name + ": silence", wire.ask_at_once(packet) is None

    def says(name, packet, kind, data=b""):
        yield name, clear_notify(wire.ask(packet)) == (kind, data)

    def fine(name, s, packet):
        yield name + ": as if it were not there", s.begin(packet) and give_up(s)

    s = Session(wire)
    good = s.init_payloads()
    unknown = [(UNKNOWN, b"what is this")]
    yield from says("INIT, unknown critical payload: refused by its number",
                    s.init_packet(unknown + good), UNSUPPORTED_CRITICAL,
                    bytes([UNKNOWN]))
    yield from fine("INIT, unknown payload", s,
                    s.init_packet(good[:2] + [(HARMLESS, b"")] + good[2:]))
    s = Session(wire)
    yield from fine("INIT, critical and reserved bits of known payloads", s,
                    s.init_packet([(SA, sa_body(1, b"", IKE_SUITE, 0xff)),
                                   *s.init_payloads()[1:]], 0xff,
                                  version=0x2f, flags=INITIATOR | 0xc7))
    s = Session(wire)
    yield from fine("INIT, payloads in reverse order", s,
                    s.init_packet(s.init_payloads()[::-1]))
    s = Session(wire)
    yield from fine("INIT, a payload of 64,000 octets", s,
                    s.init_packet(s.init_payloads() +
                                  [(VENDOR, bytes(64000))]))
    s, body = Session(wire), good[0][1]
    yield from says("INIT, a proposal longer than its payload",
                    s.init_packet([(SA, body[:2] + b"\xff" + body[3:]),
                                   *good[1:]]), INVALID_SYNTAX)
    yield from says("INIT, more transforms than there are",
                    s.init_packet([(SA, body[:7] + b"\x09" + body[8:]),
                                   *good[1:]]), INVALID_SYNTAX)
    for length in (15, 257):
        yield from says(f"INIT, a nonce of {length} octets",
                        s.init_packet([*good[:2], (NONCE, bytes(length))]),
                        INVALID_SYNTAX)
    for missing in range(3):
        yield from says(f"INIT without payload {good[missing][0]}",
                        s.init_packet(good[:missing] + good[missing + 1:]),
                        INVALID_SYNTAX)
    yield from says("INIT, two nonces", s.init_packet([*good, good[2]]),
                    INVALID_SYNTAX)
    yield from says("INIT, a public value one octet short",
                    s.init_packet([good[0], (KE, good[1][1][:-1]), good[2]]),
                    INVALID_SYNTAX)
    yield from says("INIT, a group that was not proposed",
                    s.init_packet([good[0], (KE, bytes([0, 19, 0, 0]) +
                                             bytes(64)), good[2]]),
                    INVALID_KE, bytes([0, 14]))
    yield from says("INIT, nothing that is known here",
                    s.init_packet([(SA, sa_body(1, b"", [(1, 3, 0)] +
                                                IKE_SUITE[1:])), *good[1:]]),
                    NO_PROPOSAL)
    for value, name in ((0, "0"), (1, "1"), (PRIME - 1, "p - 1"),
                        (PRIME, "p")):
        s = Session(wire)
        yield from silent(f"INIT, the public value {name}", s.init_packet(
            [good[0], (KE, struct.pack("!HH", 14, 0) +
                       value.to_bytes(256, "big")), good[2]]))
    s = Session(wire)
    packet = s.init_packet()
    for wrong in (-1, 1, 1 << 31):
        yield from silent(f"INIT, the header's length wrong by {wrong}",
                          s.init_packet(length=len(packet) + wrong))
    for length in (0, 3, 60000):
        yield from silent(f"INIT, a payload that says {length} octets",
                          s.init_packet([*good, (VENDOR, (b"1234", length))]))
    yield from silent("INIT, 65 payloads", s.init_packet(
        good + 62 * [(VENDOR, b"")]))
    yield from silent("INIT, the last payload cut", header(
        s.spi_i, bytes(8), SA, INIT, INITIATOR, 0, packet[28:-5]))
    yield from silent("INIT, an SK payload", s.init_packet(
        good + [(SK, bytes(64))]))
    yield from silent("INIT, initiator's SPI 0", s.init_packet(spi_i=bytes(8)))
    yield from silent("INIT, message ID 1", s.init_packet(mid=1))
    yield from silent("INIT, an answer that nobody asked for",
                      s.init_packet(flags=RESPONSE))
    yield from silent("INIT, IKE version 1", packet[:17] + b"\x10" +
                      packet[18:])
    yield from says("INIT, IKE version 3", packet[:17] + b"\x30" +
                    packet[18:], INVALID_MAJOR)
    for length in (0, 1, 27):
        yield from silent(f"a datagram of {length} octets", packet[:length])
    stranger = header(os.urandom(8), os.urandom(8), SK, INFORMATIONAL,
                      INITIATOR, 5, chain([(SK, bytes(64))])[1])
    yield from says("a request of no IKE SA", stranger, INVALID_IKE_SPI)
    yield from silent("an answer of no IKE SA", stranger[:19] +
                      bytes([INITIATOR | RESPONSE]) + stranger[20:])


def begun(wire):
    """Keys, but no proof yet of who it is."""
    s = half_open(wire)
    first, inner = chain(s.auth_payloads())
    good = s.seal(IKE_AUTH, first, inner)
    for name, packet in (
            ("one bit of the ICV wrong", good[:-1] + bytes([good[-1] ^ 1])),
            ("one bit of the header wrong", good[:28] +
             bytes([good[28] ^ 1]) + good[29:]),
            ("message ID 0", s.seal(IKE_AUTH, first, inner, mid=0)),
            ("message ID 2", s.seal(IKE_AUTH, first, inner, mid=2)),
            ("message ID 2^32 - 1", s.seal(IKE_AUTH, first, inner,
                                           mid=0xffffffff)),
            ("an answer that nobody asked for",
             s.seal(IKE_AUTH, first, inner, flags=INITIATOR | RESPONSE)),
            ("SK is not the last payload",
             s.seal(IKE_AUTH, first, inner, after=bytes([0, 0, 0, 4]))),
            ("SK without room for an IV",
             header(s.spi_i, s.spi_r, SK, IKE_AUTH, INITIATOR, 1,
                    chain([(SK, bytes(8))])[1])),
            ("SK of half a block",
             header(s.spi_i, s.spi_r, SK, IKE_AUTH, INITIATOR, 1,
                    chain([(SK, bytes(40))])[1])),
            ("no SK", header(s.spi_i, s.spi_r, first, IKE_AUTH, INITIATOR, 1,
                             inner)),
            ("CREATE_CHILD_SA", s.seal(CREATE, first, inner)),
            ("INFORMATIONAL", s.seal(INFORMATIONAL, 0, b""))):
        yield f"before IKE_AUTH, {name}: silence", \
            wire.ask_at_once(packet) is None
    yield "before IKE_AUTH, the other end's flag: of no IKE SA", \
        clear_notify(wire.ask(s.seal(IKE_AUTH, first, inner, flags=0))) == \
        (INVALID_IKE_SPI, b"")
    got = dict(s.open(wire.ask(good), IKE_AUTH) or [])
    s.mid = 2
    yield "then the right IKE_AUTH is answered", AUTH in got and SA in got
    yield "and what has come so may go", s.end()

    s = half_open(wire)
    yield "IKE_AUTH, another key: AUTHENTICATION_FAILED", refused(
        s.ask(IKE_AUTH, s.auth_payloads(b"guessed")), AUTH_FAILED)
    s = half_open(wire)
    yield "IKE_AUTH, unknown critical payload: refused by its number", refused(
        s.ask(IKE_AUTH, [(UNKNOWN, b"")] + s.auth_payloads()),
        UNSUPPORTED_CRITICAL, bytes([UNKNOWN]))
    s = half_open(wire)
    yield "IKE_AUTH, SK inside of SK: INVALID_SYNTAX", refused(
        s.ask(IKE_AUTH, [(SK, bytes(64))]), INVALID_SYNTAX)
    s = half_open(wire)
    yield "IKE_AUTH, a payload longer than SK: INVALID_SYNTAX", refused(
        s.ask(IKE_AUTH, [(IDI, (b"\2\0\0\0x", 4096))]), INVALID_SYNTAX)
    s = half_open(wire)
    got = dict(s.ask(IKE_AUTH, s.auth_payloads()[::-1], reserved=0x7f) or [])
    yield "IKE_AUTH, reserved bits, payloads in reverse order: as ever", \
        AUTH in got and SA in got and s.end()


def inside(wire):
    """An established IKE SA."""
    s = established(wire)
    yield "INFORMATIONAL, unknown critical payload: refused by its number", \
        refused(s.ask(INFORMATIONAL, [notify(49999), (UNKNOWN, b"")]),
                UNSUPPORTED_CRITICAL, bytes([UNKNOWN]))
    yield "and the IKE SA lives", s.alive()
    first, inner = chain([notify(49999)])
    once = s.seal(INFORMATIONAL, first, inner)
    answer = wire.ask(once)
    yield "the same request twice: the same answer", \
        s.open(answer, INFORMATIONAL) == [] and wire.ask(once) == answer
    s.mid += 1
    for name, more in (("far too high", {"mid": s.mid + 1000}),
                       ("2^32 - 1", {"mid": 0xffffffff}),
                       ("of long ago", {"mid": 0}),
                       ("of the answer to nothing",
                        {"mid": 0, "flags": INITIATOR | RESPONSE})):
        packet = s.seal(INFORMATIONAL, *chain(
            [(DELETE, struct.pack("!BBH", 1, 0, 0))]), **more)
        yield f"a Delete with a message ID {name}: silence, and it lives", \
            wire.ask_at_once(packet) is None and s.alive()
    fatal = s.seal(INFORMATIONAL, *chain([notify(INVALID_SYNTAX)]), mid=1,
                   flags=INITIATOR | RESPONSE)
    yield "an error that answers nothing: silence, and it lives", \
        wire.ask_at_once(fatal) is None and s.alive()
    for exchange in (99, IKE_AUTH):
        yield f"exchange {exchange}: INVALID_SYNTAX, and it lives", \
            refused(s.ask(exchange, [notify(49999)]), INVALID_SYNTAX) and \
            s.alive()
    big = [(VENDOR, bytes(32000)), (VENDOR, bytes(33000)), notify(49999)]
    yield "65,000 octets inside of SK: answered", \
        s.ask(INFORMATIONAL, big) == []
    yield "Delete of an SPI that is none: an empty answer", \
        s.ask(INFORMATIONAL, [(DELETE, struct.pack("!BBH", 3, 4, 1) +
                               b"none")]) == []
    got = s.ask(CREATE, [notify(USE_TRANSPORT), (NONCE, os.urandom(32)),
                         *s.child_payloads()][::-1], reserved=0x7f)
    spi = dict(got or []).get(SA, b"")[8:12]
    yield "CREATE_CHILD_SA, reserved bits, reverse order: as ever", \
        len(spi) == 4
    yield "before SK a payload of another kind: no harm", \
        s.ask(INFORMATIONAL, [], before=chain_before()) == []
    yield "and it may go", s.end()

    for name, payloads in (
            ("SK inside of SK", [(SK, bytes(64))]),
            ("a Notify without a type", [(NOTIFY, b"\0")]),
            ("a Delete with fewer SPIs than it says",
             [(DELETE, struct.pack("!BBH", 3, 4, 9) + b"none")]),
            ("a payload of 3 octets", [(NOTIFY, (b"\0\0\0\0", 3))]),
            ("a payload longer than SK", [(NOTIFY, (b"\0\0\0\0", 65535))])):
        s = established(wire)
        yield f"{name}: INVALID_SYNTAX, the end", refused(
            s.ask(INFORMATIONAL, payloads), INVALID_SYNTAX) and \
            s.gone()
    s = established(wire)
    yield "CREATE_CHILD_SA without a nonce: INVALID_SYNTAX, the end", refused(
        s.ask(CREATE, s.child_payloads()), INVALID_SYNTAX) and s.gone()
    s = established(wire)
    yield "more padding than there is: INVALID_SYNTAX, the end", refused(
        s.ask(INFORMATIONAL, [], pad=bytes(15) + b"\xff"), INVALID_SYNTAX) \
        and s.gone()


def chain_before():
    """A Vendor ID, followed by SK."""
    return struct.pack("!BBH", SK, 0, 12) + b"in clear"


def main():
    wire = Wire(sys.argv[1], sys.argv[2])
    for part in (in_clear, begun, inside):
        try:
            for name, good in part(wire):
                print(0 if good else 1, name, flush=True)
        except (OSError, ValueError, AttributeError) as why:
            print(1, f"{part.__name__}: {why!r}", flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Every suite against OpenSSL: what the module sends is opened by it, what it
seals the module opens, and no packet with a wrong bit gets through.

The layout of ESP (RFC 4303, section 2), nonces and associated data (RFC 4106,
RFC 4543, RFC 7634) and the place of the upper half of extended sequence numbers
are written here a second time, from the RFCs alone.

covers: ES1 ES4 ES7 ES8 ES12 ES13 ES15 ES19
"""
# rig: timeout=900

import hmac
import os
import random
import struct
import sys
import time

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import (Cipher, algorithms,
                                                        modes)
    from cryptography.hazmat.primitives.ciphers.aead import (AESGCM,
                                                             ChaCha20Poly1305)
except ImportError:
    print("1..0 # SKIP no python3-cryptography")
    sys.exit(4)

from wire import (A, B, Expect, Host, IN, OUT, PORT, Tap, Wire, counters, mobx,
                  play, udp, world)

# In the upper half of the numbers this many packets before it changes.
NEAR = 20
SIZES = 15
SEED = int.from_bytes(os.urandom(4), "big")


class Wrong(Exception):
    """What a receiver must not take."""


class Aead:
    """RFC 4106, RFC 4543, RFC 7634: salt, then IV, make the nonce."""
    icv, iv, block = 16, 8, 4

    def __init__(self, name, key_len):
        self.name = f"{name} {8 * key_len - 32}"
        self.keys = [os.urandom(key_len), os.urandom(key_len)]
        self.words = [("aead", name, "0x" + key.hex(), "force")
                      for key in self.keys]
        self.gmac = name == "aes-gmac"
        make = ChaCha20Poly1305 if name.startswith("chacha") else AESGCM
        self.ciphers = [make(key[:-4]) for key in self.keys]

    def seal(self, way, spi, seq, esn, iv, text):
        head = struct.pack("!IQ" if esn else "!II", spi, seq)
        nonce = self.keys[way][-4:] + iv
        if self.gmac:
            return text + self.ciphers[way].encrypt(nonce, b"",
                                                    head + iv + text)
        return self.ciphers[way].encrypt(nonce, text, head)

    def open(self, way, spi, seq, esn, iv, data):
        head = struct.pack("!IQ" if esn else "!II", spi, seq)
        nonce = self.keys[way][-4:] + iv
        try:
            if self.gmac:
                self.ciphers[way].decrypt(nonce, data[-16:],
                                          head + iv + data[:-16])
                return data[:-16]
            return self.ciphers[way].decrypt(nonce, data, head)
        except InvalidTag as error:
            raise Wrong("ICV") from error


class Separate:
    """RFC 3602 or no cipher, and an HMAC over all that was sent; behind it
    the upper half of the number (RFC 4303, section 2.2.1)."""

    def __init__(self, cipher, bits, sha):
        sizes = {"sha1": (20, 12, "hmac-sha1-96"),
                 "sha256": (32, 16, "hmac-sha2-256-128"),
                 "sha384": (48, 24, "hmac-sha2-384-192"),
                 "sha512": (64, 32, "hmac-sha2-512-256")}
        auth_len, self.icv, auth = sizes[sha]
        self.name = f"{cipher} {bits} {auth}"
        self.iv = self.block = 16 if bits else 0
        self.block = self.block or 4
        self.sha = sha
        self.keys = [os.urandom(bits // 8), os.urandom(bits // 8)]
        self.auth = [os.urandom(auth_len), os.urandom(auth_len)]
        self.words = []
        for way in (0, 1):
            key = ("0x" + self.keys[way].hex(),) if bits else ()
            self.words.append(("enc", cipher) + key +
                              ("auth", auth, "0x" + self.auth[way].hex()))

    def tag(self, way, spi, seq, esn, rest):
        data = struct.pack("!II", spi, seq & 0xffffffff) + rest
        if esn:
            data += struct.pack("!I", seq >> 32)
        return hmac.new(self.auth[way], data, self.sha).digest()[:self.icv]

    def cbc(self, way, iv):
        return Cipher(algorithms.AES(self.keys[way]), modes.CBC(iv))

    def seal(self, way, spi, seq, esn, iv, text):
        if self.iv:
            work = self.cbc(way, iv).encryptor()
            text = work.update(text) + work.finalize()
        return text + self.tag(way, spi, seq, esn, iv + text)

    def open(self, way, spi, seq, esn, iv, data):
        text, icv = data[:-self.icv], data[-self.icv:]
        if self.tag(way, spi, seq, esn, iv + text) != icv:
            raise Wrong("ICV")
        if self.iv:
            work = self.cbc(way, iv).decryptor()
            text = work.update(text) + work.finalize()
        return text


def suites():
    """Each cipher, length of key and hash; with LONG=1 in each combination."""
    some = [Aead("aes-gcm-16", 20), Aead("aes-gmac", 36),
            Aead("chacha20-poly1305", 36),
            Separate("aes-cbc", 128, "sha1"),
            Separate("aes-cbc", 192, "sha256"),
            Separate("aes-cbc", 256, "sha512"),
            Separate("null", 0, "sha384")]
    if not os.environ.get("MOBX_LONG"):
        return some
    return some + [Aead(name, n + 4) for name, n in
                   (("aes-gcm-16", 24), ("aes-gcm-16", 32),
                    ("aes-gmac", 16), ("aes-gmac", 24))] + \
        [Separate("aes-cbc", 256, "sha384")] + \
        [Separate("null", 0, sha) for sha in ("sha1", "sha256", "sha512")]


def seal(suite, seq, esn, payload, more=0):
    """An ESP packet to the module; more: blocks of padding beyond the least."""
    pad = (-len(payload) - 2) % suite.block + more * suite.block
    text = payload + bytes(range(1, pad + 1)) + bytes((pad, 17))
    iv = os.urandom(suite.iv)
    return struct.pack("!II", IN, seq & 0xffffffff) + iv + \
        suite.seal(1, IN, seq, esn, iv, text)


def unseal(suite, seq, esn, packet):
    """The payload of an ESP packet of the module's that must have @seq."""
    spi, low = struct.unpack("!II", packet[:8])
    if spi != OUT or low != seq & 0xffffffff:
        raise Wrong(f"SPI {spi:#x}, number {low}, not {seq}")
    text = suite.open(0, OUT, seq, esn, packet[8:8 + suite.iv],
                      packet[8 + suite.iv:])
    padlen, next_header = text[-2:]
    pad = text[len(text) - 2 - padlen:-2]
    if pad != bytes(range(1, padlen + 1)) or next_header != 17 or \
       padlen >= max(suite.block, 4) or len(text) % suite.block:
        raise Wrong(f"padding {pad.hex()}, next header {next_header}")
    return text[:len(text) - 2 - padlen]


def fresh(suite, seq=0, esn=False):
    more = ("esn",) if esn else ()
    mobx("policy", "flush")
    mobx("peer", "flush")
    mobx("peer", "add", "1", "local", A, "remote", B)
    mobx("sa", "add", "dir", "out", "spi", hex(OUT), "peer", "1",
         *suite.words[0], "seq", str(seq), *more)
    mobx("sa", "add", "dir", "in", "spi", hex(IN), "peer", "1",
         *suite.words[1], "seq", str(seq), "replay-window", "64", *more)
    mobx("policy", "add", "order", "10", "action", "protect", "remote", B)


def sizes():
    return [0, 1, 2, 3] + [random.randrange(4, 1400) for _ in range(SIZES)] + \
        [random.randrange(1400, 8800) for _ in range(SIZES // 3)]


def test_sent(wire, host, suite, begin, esn):
    wire.receive(0.05)
    wanted = [os.urandom(size) for size in sizes()]
    for data in wanted:
        host.sock.sendto(data, (B, PORT))
    packets = [p for p in wire.receive() if p[9] == 50]
    wrong = []
    for seq, (data, packet) in enumerate(zip(wanted, packets), begin + 1):
        try:
            payload = unseal(suite, seq, esn, packet[20:])
            if payload[8:] != data:
                wrong.append(f"{len(data)} octets: others")
        except Wrong as error:
            wrong.append(f"{len(data)} octets: {error}")
    Tap.check(len(packets) == len(wanted) and not wrong,
              f"{suite.name}: opened by OpenSSL", len(packets), *wrong[:5])


def test_received(wire, host, suite, begin, esn):
    wanted = [os.urandom(size) for size in sizes()]
    most = (255 - suite.block) // suite.block
    order = list(enumerate(wanted, begin + 1))
    # In another order, but within the window.
    for at in range(0, len(order) - 8, 8):
        part = order[at:at + 8]
        random.shuffle(part)
        order[at:at + 8] = part
    with Expect(host, f"{suite.name}: sealed by OpenSSL, whatever the padding",
                [data for _, data in order], in_protected=len(wanted),
                in_replayed=0, in_integrity=0, in_padding=0, in_malformed=0):
        for seq, data in order:
            wire.esp(seal(suite, seq, esn, udp(data),
                          random.choice((0, 0, 1, most))))


def test_flips(wire, host, suite, begin, esn):
    shapes = [seal(suite, begin + 5, esn, udp(data), more)
              for data, more in ((b"", 0), (b"fragile", 1),
                                 (b"f" * 100, 250 // suite.block - 1))]
    flips = [bytes(c ^ (1 << random.randrange(8)) if i == j else c
                   for j, c in enumerate(packet))
             for packet in shapes for i in range(len(packet))]
    # SPIs are another's business then; all else is forged, or, among the octets
    # of the number, old.
    other = 4 * len(shapes)
    before = counters()
    with Expect(host, f"{suite.name}: a wrong bit in any octet",
                in_unknown_spi=other, in_protected=0):
        for number, packet in enumerate(flips):
            wire.esp(packet)
            if number % 32 == 31:
                time.sleep(0.02)
    grew = counters() - before
    Tap.check(grew["in-integrity"] + grew["in-replayed"] ==
              len(flips) - other and grew["in-replayed"] <= other,
              f"{suite.name}: is told from a wrong SPI", grew)
    # Unknown SPIs are answered with ICMP, under the SA, and b's kernel, which
    # has none, answers that in clear.
    grew = set(grew) - {"out-protected", "in-clear-discarded", "in-replayed"}
    Tap.check(grew == {"in-unknown-spi", "in-integrity"},
              f"{suite.name}: and nothing else was counted", grew)
    with Expect(host, f"{suite.name}: the packet itself, after all of them",
                [b"fragile"], in_protected=1, in_integrity=0):
        wire.esp(shapes[1])
    with Expect(host, f"{suite.name}: but once", in_replayed=1,
                in_protected=0):
        wire.esp(shapes[1])


def test_half(wire, host, suite):
    """The upper half is authenticated, though it is not sent."""
    fresh(suite, 2**33, True)
    data = udp(b"half")
    with Expect(host, f"{suite.name}: sealed with another upper half",
                in_integrity=4, in_protected=0):
        for high in (0, 1, 3, 2**31):
            wire.esp(seal(suite, (high << 32) + 9, True, data))
    with Expect(host, f"{suite.name}: sealed without one", in_integrity=1,
                in_protected=0):
        wire.esp(seal(suite, 9, False, data))
    with Expect(host, f"{suite.name}: with the right one", [b"half"],
                in_integrity=0, in_protected=1):
        wire.esp(seal(suite, 2**33 + 9, True, data))


def everything():
    random.seed(SEED)
    print(f"# random seed {SEED}")
    world(mtu=9200)
    wire, host = Wire(), Host()
    for suite in suites():
        for begin, esn in ((0, False), (2**32 - NEAR, True)):
            name = suite.name
            suite.name += " esn" if esn else ""
            fresh(suite, begin, esn)
            test_sent(wire, host, suite, begin, esn)
            test_received(wire, host, suite, begin, esn)
            fresh(suite, begin, esn)
            test_flips(wire, host, suite, begin, esn)
            suite.name = name
        test_half(wire, host, suite)


if __name__ == "__main__":
    sys.exit(play(everything))

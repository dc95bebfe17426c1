# SPDX-License-Identifier: GPL-2.0
"""A peer that speaks MOBIKE-X with the right keys, and wants what is not its own.

It sends requests from addresses of its own, which it answers at, and with those of
others in the IP header: of a host that never asked for anything, and of an honest
peer of the same server. What the server's kernel then holds is asked of it by
commands of another namespace.

    hostile_moves.py OWN SECOND SERVER VICTIM HONEST CAPTURE

CAPTURE is what tcpdump writes of packets to VICTIM's network; for the look, MOBX_SERVER is
the namespace and the command. Prints a line for each case: 0 or 1, and what was
tried.
"""

import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

from scapy.all import IP, UDP, Raw, send

from hostile_peer import (AUTH, INFORMATIONAL, IKE_AUTH, INITIATOR, NOTIFY,
                          RESPONSE, SA, TSI, TSR, VENDOR, Session, Wire, chain,
                          Cipher, algorithms, modes, notify, payloads_of,
                          selector)

MOBIKE_SUPPORTED, UPDATE, COOKIE2 = 16396, 16400, 16401
X_SUPPORTED, PARAMETER, ADD, REASON = 48640, 48641, 48642, 48645
UNACCEPTABLE, NO_SUCH_PATH = 40, 2
VENDOR_ID = bytes.fromhex("eaeece38728a27180d1935ee982935bb")
PRIMARY = 1
# What the server may send to who has asked so much, MOBIKE-X, section 8.
FACTOR = 3


def block(ident, flags, old=None, new=None):
    return struct.pack("!BBHBBBB", 1, flags, ident, 0, 4 if old else 0,
                       4 if new else 0, 0) + \
        b"".join(socket.inet_aton(a) for a in (old, new) if a)


def notifies(payloads):
    return {struct.unpack_from("!H", body, 2)[0]: body[4:]
            for kind, body in payloads or [] if kind == NOTIFY}


class Mover(Session):
    """A session that may be at two addresses, and is asked as well."""

    def __init__(self, wires, proto=socket.IPPROTO_UDP):
        super().__init__(wires[0])
        self.wires = wires
        self.proto = proto
        for wire in wires:
            wire.sock.settimeout(0.2)

    def up(self):
        if not self.begin():
            return False
        mine = self.auth_payloads()
        mine[-2] = (TSI, struct.pack("!BBH", 1, 0, 0) +
                    selector(self.wire.own, 0, 65535, self.proto))
        if self.proto != socket.IPPROTO_UDP:
            mine[-1] = (TSR, struct.pack("!BBH", 1, 0, 0) +
                        selector(self.wire.peer, 0, 65535, self.proto))
        first, inner = chain(mine + [
            notify(MOBIKE_SUPPORTED), (VENDOR, VENDOR_ID),
            notify(X_SUPPORTED, struct.pack("!BBH", 1, 16, 0))])
        got = self.exchange(self.wire, self.seal(IKE_AUTH, first, inner),
                            IKE_AUTH)
        self.mid = 2
        return got is not None and {AUTH, SA} <= set(dict(got)) and \
            {MOBIKE_SUPPORTED, X_SUPPORTED} <= set(notifies(got))

    def answer(self, wire, data):
        """What the server asks, as an honest peer would, copied back."""
        aes = Cipher(algorithms.AES(self.er), modes.CBC(data[32:48]))
        plain = aes.decryptor().update(data[48:-16])
        asked = notifies(payloads_of(data[28], plain[:-1 - plain[-1]]))
        back = [notify(COOKIE2, asked[COOKIE2])] if COOKIE2 in asked else []
        mid = struct.unpack_from("!I", data, 20)[0]
        wire.sock.sendto(self.seal(INFORMATIONAL, *chain(back), mid=mid,
                                   flags=INITIATOR | RESPONSE),
                         (wire.peer, 500))

    def listen(self, seconds, wanted=None):
        """Answers requests; ends with the answer of this message ID."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for wire in self.wires:
                try:
                    data = wire.sock.recv(65535)
                except socket.timeout:
                    continue
                if data[:8] != self.spi_i or len(data) < 80:
                    continue
                if not data[19] & RESPONSE:
                    self.answer(wire, data)
                elif struct.unpack_from("!I", data, 20)[0] == wanted:
                    return data
        return None

    def exchange(self, wire, packet, kind=INFORMATIONAL):
        mid = struct.unpack_from("!I", packet, 20)[0]
        for _ in range(3):
            wire.sock.sendto(packet, (wire.peer, 500))
            data = self.listen(3, mid)
            if data:
                return self.open(data, kind, mid)
        return None

    def request(self, payloads):
        """The next request as it would be sent."""
        packet = self.seal(INFORMATIONAL, *chain(
            [*payloads, notify(COOKIE2, os.urandom(32))]))
        self.mid += 1
        return packet


def paths():
    """{remote address: path} of the hostile peer, as the kernel has them."""
    out = subprocess.run(os.environ["MOBX_SERVER"].split() +
                         ["-j", "peer", "show"], capture_output=True,
                         check=True)
    for peer in json.loads(out.stdout):
        if "strangers" in peer.get("label", ""):
            return {p["remote"]: p for p in peer["paths"]}
    return {}


def lives_at(address):
    p = paths().get(address, {})
    return bool(p.get("primary")) and p.get("state") == "valid"


def waits(session, test, *more):
    for _ in range(50):
        if test(*more):
            return True
        session.listen(0.2)
    return False


def captured(name):
    """Octets of ESP, and packets of IKE."""
    esp = ike = 0
    with open(name, encoding="ascii", errors="replace") as lines:
        for line in lines:
            found = re.search(r"ESP\(.*length (\d+)", line)
            if found:
                esp += int(found.group(1)) + 20
            elif ".500 >" in line:
                ike += 1
    return esp, ike


def pretend(source, server, packet):
    send(IP(src=source, dst=server) / UDP(sport=500, dport=500, chksum=0) /
         Raw(packet), verbose=False)


def moves(own, second, server, victim, honest, capture):
    wires = [Wire(own, server), Wire(second, server)]
    s = Mover(wires)
    yield "MOBIKE-X is agreed on", s.up()
    yield "the path that it began by is in use", waits(s, lives_at, own)

    away = s.request([notify(UPDATE)])
    answer = s.exchange(wires[1], away)
    yield "UPDATE from a second address of its own: followed", \
        answer is not None and waits(s, lives_at, second)
    back = s.request([notify(UPDATE)])
    wires[0].sock.sendto(back, (server, 500))
    first = s.listen(5, s.mid - 1)
    yield "and back again", first is not None and waits(s, lives_at, own)

    wires[1].sock.sendto(back, (server, 500))
    again = s.listen(5, s.mid - 1)
    yield "the same octets from the second address: the same answer", \
        first is not None and again == first
    wires[1].sock.sendto(away, (server, 500))
    s.listen(2)
    yield "an older UPDATE once more: it stays where it is", lives_at(own) and \
        not paths().get(second, {}).get("primary")
    told = notifies(s.exchange(wires[1], s.request(
        [notify(UPDATE), notify(PARAMETER, block(0, PRIMARY, victim,
                                                 second))])))
    yield "a new UPDATE with an old set: no such path", \
        UNACCEPTABLE in told and \
        struct.unpack_from("!H", told.get(REASON, b"\0\0"))[0] == \
        NO_SUCH_PATH and lives_at(own)

    # Another address each, for one that has failed may not come back at once.
    for name, at, payloads in (
            ("ADD", victim, [notify(ADD, block(7, 0, None, victim))]),
            ("UPDATE", victim[:-1] + "9", [notify(UPDATE), notify(
                PARAMETER, block(0, PRIMARY, own, victim[:-1] + "9"))])):
        before = captured(capture)
        request = s.request(payloads)
        pretend(at, server, request)
        tried = waits(s, lambda: at in paths())
        s.listen(4)
        esp, ike = (a - b for a, b in zip(captured(capture), before))
        yield f"{name} of a victim's address: tried, not proven", \
            tried and paths().get(at, {}).get("state") != "valid"
        yield f"{name} of a victim's address: for {len(request)} octets it is" \
            f" sent {esp} of ESP and {ike} packets of IKE", \
            0 < esp <= FACTOR * len(request) and ike <= 12
    told = s.exchange(wires[0], s.request([notify(UPDATE)]))
    yield "what is true moves it back", told is not None and \
        waits(s, lives_at, own)

    request = s.request([notify(UPDATE)])
    pretend(honest, server, request)
    s.listen(4)
    yield "UPDATE to an honest peer's address: not proven", \
        paths().get(honest, {}).get("state") != "valid"
    told = s.exchange(wires[0], s.request([notify(UPDATE)]))
    yield "and what is true moves it back", told is not None and \
        waits(s, lives_at, own)
    s.exchange(wires[0], s.request([(42, struct.pack("!BBH", 1, 0, 0))]))


def thefts(own, second, server, honest):
    s = Mover([Wire(own, server), Wire(second, server)], socket.IPPROTO_ICMP)
    yield "a peer with the honest one's selectors is up", \
        s.up() and waits(s, lives_at, own)
    for name, payloads in (
            ("UPDATE", [notify(UPDATE)]),
            ("ADD", [notify(ADD, block(7, 0, None, honest))])):
        pretend(honest, server, s.request(payloads))
        s.listen(2)
        yield f"{name} of the honest peer's address by it: not even tried", \
            honest not in paths() and lives_at(own)
    told = s.exchange(s.wires[1], s.request([notify(UPDATE)]))
    yield "an address of its own it gets", told is not None and \
        waits(s, lives_at, second)
    s.exchange(s.wires[1], s.request([(42, struct.pack("!BBH", 1, 0, 0))]))


def cases(own, second, server, victim, honest, capture):
    yield from moves(own, second, server, victim, honest, capture)
    yield from thefts(own, second, server, honest)


def main():
    try:
        for name, good in cases(*sys.argv[1:]):
            print(0 if good else 1, name, flush=True)
    except (OSError, ValueError, AttributeError, KeyError,
            subprocess.CalledProcessError) as why:
        print(1, f"moves: {why!r}", flush=True)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0
"""What tests in Python share: two namespaces, a and b, with one link, mobx at a
and raw frames at b."""

import collections
import ctypes
import os
import socket
import struct
import subprocess
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
MOBX = os.path.join(TOP, "build", "mobx")
A, B, STRANGER = "10.8.0.1", "10.8.0.2", "10.8.0.3"
IN, OUT = 0x1001, 0x2002
PORT = 4242
SO_RCVBUFFORCE = 33


class Tap:
    count = 0
    failed = False

    @classmethod
    def check(cls, good, name, *details):
        cls.count += 1
        print(f"{'' if good else 'not '}ok {cls.count} {name}", flush=True)
        if not good:
            cls.failed = True
            for detail in details:
                print(f"#   {detail}")
            print(f"#   {run(MOBX, '-n', 'a', 'stats')}".replace("\n", " "))


def run(*words, check=True):
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout.strip()}")
    return done.stdout.strip()


def mobx(*words):
    return run(MOBX, "-n", "a", *words)


def counters():
    """All of them; those that are zero are not told."""
    words = mobx("stats").split()
    return collections.Counter(dict(zip(words[::2], map(int, words[1::2]))))


def counter(name):
    return counters()[name]


def play(body, lacks="", namespaces=("a", "b")):
    """A whole test: body makes its world and checks things in it.

    lacks: why it cannot be had here, if it cannot.  Returns its exit status.
    """
    if os.geteuid():
        lacks = "needs root"
    elif not lacks and (not os.access(MOBX, os.X_OK) or os.system(
            "modprobe mobx")):
        lacks = "no build/mobx, or the module does not load"
    if lacks:
        print(f"1..0 # SKIP {lacks}")
        return 4
    try:
        body()
    finally:
        for ns in namespaces:
            run("ip", "netns", "del", ns, check=False)
    print(f"1..{Tap.count}")
    return 1 if Tap.failed else 0


def in_namespace(ns, make):
    """A socket of another namespace, which a thread goes to and makes."""
    box = []

    def work():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{ns}", "rb") as handle:
            if libc.setns(handle.fileno(), 0x40000000):
                raise OSError(ctypes.get_errno(), "setns")
        box.append(make())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return box[0]


def world(mtu=1500):
    for ns in ("a", "b"):
        run("ip", "netns", "add", ns)
    run("ip", "link", "add", "va", "netns", "a", "type", "veth",
        "peer", "name", "vb", "netns", "b")
    run("ip", "-n", "a", "addr", "add", f"{A}/24", "dev", "va")
    run("ip", "-n", "b", "addr", "add", f"{B}/24", "dev", "vb")
    for ns in ("a", "b"):
        run("ip", "-n", ns, "link", "set", "lo", "up")
        run("ip", "-n", ns, "link", "set", "v" + ns, "mtu", str(mtu), "up")
    for address in (B, STRANGER):
        run("ip", "-n", "a", "neigh", "replace", address, "dev", "va",
            "lladdr", mac("b", "vb"), "nud", "permanent")


def mac(ns, dev):
    words = run("ip", "-n", ns, "-o", "link", "show", dev).split()
    return words[words.index("link/ether") + 1]


def unhex(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip_packet(src, dst, proto, payload, frag=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, frag,
                       64, proto, 0, socket.inet_aton(src),
                       socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(payload, sport=PORT, dport=PORT):
    # Without a checksum, which UDP over IPv4 allows.
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


class Wire:
    """b's end of the link: frames in and out."""

    def __init__(self):
        self.header = unhex(mac("a", "va")) + unhex(mac("b", "vb")) + \
            b"\x08\x00"

        def make():
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                 socket.htons(0x0800))
            sock.bind(("vb", 0x0800))
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
            sock.settimeout(1)
            return sock

        self.sock = in_namespace("b", make)

    def send(self, packet):
        self.sock.send(self.header + packet)

    def esp(self, data, src=B):
        self.send(ip_packet(src, A, 50, data))

    def receive(self, seconds=1.0):
        """IP packets that a sends, as they come, and all that wait already."""
        end = time.monotonic() + seconds
        packets = []
        while True:
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                frame, where = self.sock.recvfrom(65536)
            except socket.timeout:
                break
            if where[2] != socket.PACKET_OUTGOING:
                packets.append(frame[14:])
        return packets


class Host:
    """An application on a."""

    def __init__(self):
        def make():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((A, PORT))
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
            return sock

        self.sock = in_namespace("a", make)

    def got(self, wait=0.3):
        """All that was received; the last may take @wait seconds."""
        data = []
        self.sock.settimeout(wait)
        while True:
            try:
                data.append(self.sock.recv(65536))
            except socket.timeout:
                return data
            self.sock.settimeout(0.05)


class Expect:
    """Within it, these counters grow by so much, and nothing else happens."""

    def __init__(self, host, name, data=(), **counters):
        self.host, self.name, self.data = host, name, list(data)
        self.want = {k.replace("_", "-"): v for k, v in counters.items()}

    def __enter__(self):
        self.before = counters()

    def __exit__(self, *error):
        if error[0]:
            return
        got = self.host.got()
        after = counters()
        grew = {k: after[k] - self.before[k] for k in self.want}
        Tap.check(got == self.data and grew == self.want, self.name,
                  f"received {got[:5]} ({len(got)}), wanted {self.data[:5]}",
                  f"counters grew by {grew}, should by {self.want}")

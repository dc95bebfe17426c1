# SPDX-License-Identifier: GPL-2.0
"""Many connections between a few initiators and one responder.

For the benchmarks, inside the rig's VM.  The initiators live in namespaces
"mobile0", "mobile1", ... with a link each to "server".  Both systems get the
same connections, with a pre-shared key: identities of their own, one address
behind the initiator, one tunnel.  They are brought up through the agents'
control sockets, a few at a time, each as soon as the one before it is up.
"""

import glob
import json
import os
import re
import socket
import struct
import threading
import time

import agents
from systems import TOP, run

SERVER = "10.0.3.2"
BEHIND = "10.30.0.0/16"
ESP = agents.ESP


def address(i):
    """Of the initiator in the namespace with that number."""
    return f"10.0.{100 + i}.2"


def attach(space, i, delay):
    """A namespace with a link to the server, each way @delay ms long.

    The server has one address, whatever the number of its links, or there would
    be others to tell everybody of.
    """
    run("ip", "netns", "add", space)
    run("ip", "-n", space, "link", "set", "lo", "up")
    run("ip", "link", "add", "radio", "netns", space, "type", "veth", "peer",
        "name", space, "netns", "server")
    for end, dev in ((space, "radio"), ("server", space)):
        run("ip", "-n", end, "link", "set", dev, "up")
        if delay:
            run("ip", "netns", "exec", end, "tc", "qdisc", "add", "dev", dev,
                "root", "netem", "delay", f"{delay}ms", "limit", "100000")
    run("ip", "-n", space, "addr", "add", address(i) + "/32", "dev", "radio")
    run("ip", "-n", space, "route", "add", SERVER, "dev", "radio")
    run("ip", "-n", space, "route", "add", "default", "via", SERVER)
    run("ip", "-n", "server", "route", "add", address(i), "dev", space)
    run("ip", "netns", "exec", space, "ping", "-qc1", "-W3", SERVER)


def world(clients, delay=0):
    run("ip", "netns", "add", "server")
    run("ip", "-n", "server", "link", "set", "lo", "up")
    run("ip", "-n", "server", "link", "add", "core", "type", "dummy")
    run("ip", "-n", "server", "addr", "add", SERVER + "/32", "dev", "core")
    run("ip", "-n", "server", "link", "set", "core", "up")
    for i in range(clients):
        attach(f"mobile{i}", i, delay)


def processes(pid):
    """A process and all that descend from it."""
    yield pid
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path, encoding="ascii") as file:
            for child in file.read().split():
                yield from processes(int(child))


def cpu_ns(pid):
    """Nanoseconds that a process and its descendants were on the CPU."""
    total = 0
    for each in processes(pid):
        for path in glob.glob(f"/proc/{each}/task/*/schedstat"):
            with open(path, encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total


def memory(pid):
    """Octets of no file that they have written to."""
    total = 0
    for each in processes(pid):
        with open(f"/proc/{each}/status", encoding="utf-8") as file:
            total += int(re.search(r"RssAnon:\s*(\d+)",
                                   file.read())[1]) * 1024
    return total


class Fleet:
    """Beside the agents' own classes: one process at each end."""

    def set_up(self, clients, count, ke, **settings):
        """Configured, nothing is up yet: so many initiators with so many
        connections each."""
        self.count, self.settings = count, settings
        self.ike = f"aes128gcm16-prfsha256-{ke}"
        self.pids = {}
        for end in ("server", *(f"mobile{i}" for i in range(clients))):
            folder = f"{self.out}/{end}"
            os.makedirs(folder, exist_ok=True)
            self.begin(end, folder)
            self.pids[end] = self.processes[-1].pid

    def inner(self, end, i):
        """What is behind a connection."""
        return f"10.{40 + int(end[6:])}.{i // 250}.{i % 250 + 1}"

    @staticmethod
    def identity(end, i):
        return f"c{i}.{end}.example"

    def warm_up(self, end, number, window=1):
        """The first ones: on counted time hours pass for an agent that waits
        for its libraries or the kernel's modules, so they may try again."""
        for tries in range(5):
            try:
                return self.up(end, 0, number, window)
            except RuntimeError:
                if tries == 4:
                    raise

    def up(self, end, first, number, window=1):
        """Bring connections up.  Returns how many ms each of them took."""
        took, failed = [], []

        def work(names):
            try:
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.connect(self.control(end))
                    with sock.makefile("rwb") as stream:
                        for name in names:
                            begin = time.monotonic_ns()
                            self.initiate(stream, name)
                            took.append((time.monotonic_ns() - begin) / 1e6)
            except (OSError, RuntimeError, ValueError) as error:
                failed.append(f"{end}: {error}")

        names = [f"c{i}" for i in range(first, first + number)]
        crew = [threading.Thread(target=work, args=(names[i::window],))
                for i in range(window)]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()
        if failed:
            raise RuntimeError(failed[0])
        return took


class Mobx(Fleet, agents.Mobx):
    SERVER = """
connection "peer" {{
	role = "respond"
	local-id = "server.example"
	{common}
	protect {{
		order = 100
		local = "{behind}"
		remote = "10.32.0.0/11"
	}}
}}
"""
    CLIENT = """
connection "c{i}" {{
	role = "initiate"
	start = "manual"
	remote = {{ "{server}" }}
	local-id = "{me}"
	remote-id = "server.example"
	{common}
	protect {{
		order = {order}
		local = "{inner}"
		remote = "{behind}"
	}}
}}
"""

    def begin(self, end, folder):
        run("modprobe", "mobx")
        common = f'ike = {{ "{self.ike}" }}\nesp = {{ "{ESP}" }}\n' \
            f'mode = "tunnel"\ndpd-delay = 0\npsk = "{agents.PSK}"'
        head = f'control = "{folder}/control"\nstate = "{folder}"\n' \
            f'cookie-threshold = {self.settings.get("cookies", 65535)}\n'
        if end == "server":
            body = self.SERVER.format(common=common, behind=BEHIND)
        else:
            body = "".join(self.CLIENT.format(
                i=i, server=SERVER, me=self.identity(end, i), common=common,
                order=100 + i, inner=self.inner(end, i), behind=BEHIND)
                for i in range(self.count))
        self.write(f"{folder}/conf", head + body)
        self.spawn(end, [f"{TOP}/build/mobxd", "-c", f"{folder}/conf"],
                   f"{end}.log")
        agents.wait_for(lambda: "pid" in self.ask(end, "status"), "mobxd")

    def ask(self, end, command):
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(self.control(end))
                with sock.makefile("rwb") as stream:
                    return self.request(stream, cmd=command)
        except (OSError, RuntimeError):
            return {}

    def control(self, end):
        return f"{self.out}/{end}/control"

    @staticmethod
    def request(stream, **words):
        stream.write(json.dumps(words).encode() + b"\n")
        stream.flush()
        answer = json.loads(stream.readline())
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer["data"]

    def initiate(self, stream, name):
        self.request(stream, cmd="conn-up", name=name, timeout_ms=600000)

    def about(self):
        """What it runs with."""
        return {}


class Strongswan(Fleet, agents.Strongswan):
    MORE = """
	dos_protection = {dos}
	cookie_threshold = {cookies}
	block_threshold = 0
	install_routes = no
	ikesa_table_size = 1024
	ikesa_table_segments = 4
"""
    CONN = """
	{name} {{
		version = 2
		{addresses}
		proposals = {ike}
		local {{
			auth = psk
			id = {me}
		}}
		remote {{
			auth = psk
			{other}
		}}
		children {{
			{name} {{
				mode = tunnel
				esp_proposals = {esp}
				local_ts = {local}
				remote_ts = {remote}
			}}
		}}
	}}
"""

    def connections(self, end):
        common = {"ike": self.ike, "esp": ESP}
        if end == "server":
            yield self.CONN.format(
                name="peer", addresses=f"local_addrs = {SERVER}",
                me="server.example", other="", local=BEHIND,
                remote="10.32.0.0/11", **common)
            return
        for i in range(self.count):
            yield self.CONN.format(
                name=f"c{i}", addresses=f"remote_addrs = {SERVER}",
                me=self.identity(end, i), other="id = server.example",
                local=self.inner(end, i) + "/32", remote=BEHIND, **common)

    def begin(self, end, folder):
        cookies = self.settings.get("cookies")
        self.write(f"{folder}/strongswan.conf", self.CHARON.replace(
            "default = 1", "default = -1").format(
                out=self.out, end=end, more=self.MORE.format(
                    dos="yes" if cookies else "no", cookies=cookies or 0)))
        secret = f'ike-peer {{\nsecret = "{agents.PSK}"\n}}'
        self.write(f"{folder}/swanctl.conf", "connections {\n" +
                   "".join(self.connections(end)) +
                   f"}}\nsecrets {{\n{secret}\n}}\n")
        self.launch(end)

    def control(self, end):
        return f"{self.out}/{end}/vici"

    def initiate(self, stream, name):
        """One command of VICI, which its README describes."""
        message = b"\x00\x08initiate"
        for key, value in (("ike", name), ("child", name),
                           ("loglevel", "-1")):
            message += b"\x03" + struct.pack("!B", len(key)) + key.encode() + \
                struct.pack("!H", len(value)) + value.encode()
        stream.write(struct.pack("!I", len(message)) + message)
        stream.flush()
        answer = stream.read(struct.unpack("!I", stream.read(4))[0])
        if b"success\x00\x03yes" not in answer:
            raise RuntimeError(f"{name}: {answer!r}")

    def about(self):
        said = self.swanctl("server", "--stats")
        return {"plugins": said.partition("loaded plugins:")[2].strip()}


def make(name, out):
    return (Mobx if name == "mobx" else Strongswan)(name, out, SERVER)

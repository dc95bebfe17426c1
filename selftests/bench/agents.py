# SPDX-License-Identifier: GPL-2.0
"""The two agents that are compared, each started at both ends.

For the benchmarks, inside the rig's VM, in namespaces "mobile" and "server".
Both get the same suite and pre-shared key; mobx sends within the credit of a new
path while it is checked, or ("before") nothing until it is; strongSwan has its
default settings, or ("tuned") those that its documentation offers for faster moves
and against leaks.
"""

import json
import os
import subprocess
import time

from systems import TOP, run

PSK = "a key for the benchmarks"
# Of the traffic that is looked at, at the server; more Child SAs have the next.
PORT = "6000"
# What is behind the two ends, in tunnel mode.
NETS = {"mobile": "10.9.0.0/24", "server": "10.9.1.0/24"}
IKE, ESP = "aes128gcm16-prfsha256-ecp256", "aes128gcm16"


def wait_for(condition, what, seconds=300):
    """Seconds are the guest's; on counted time they fly while it waits for
    its disk, so limits are generous."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} did not come about")
        time.sleep(0.05)


class Agents:
    """One process at each end."""

    def __init__(self, name, out, server):
        self.name, self.out, self.server = name, out, server
        self.processes = []

    def spawn(self, space, words, log, **env):
        with open(f"{self.out}/{log}", "a", encoding="utf-8") as said:
            self.processes.append(subprocess.Popen(
                ["ip", "netns", "exec", space, *words],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                env=dict(os.environ, **env)))

    @staticmethod
    def write(path, text):
        """For root alone, since keys may be in it."""
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                  "w", encoding="utf-8") as file:
            file.write(text)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []

    def told(self, when):
        """What the agent itself measured after @when, in ms."""
        return {}

    def replays(self):
        """Packets at both ends that were outside the replay window."""
        return None


class Mobx(Agents):
    CONF = """
control = "{out}/{end}/control"
connection "peer" {{
	role = "{role}"
	start = "{start}"
	remote = {{ "{remote}" }}
	local-id = "{end}.example"
	remote-id = "{other}.example"
	psk = "{psk}"
	ike = {{ "{ike}" }}
	esp = {{ "{esp}" }}
	mode = "{mode}"
	{protect}
	rrc = "{rrc}"
	replay-window = 8192
	paths {{
		auto-add = true
		prefer = {{ "radio", "wlan" }}
	}}
}}
"""

    @staticmethod
    def protect(end, other, mode, children):
        """Everything in one Child SA, or the ports from PORT on in one each."""
        net = {"server": "local", "mobile": "remote"}[end]
        where = f'local = "{NETS[end]}"\nremote = "{NETS[other]}"' \
            if mode == "tunnel" else f'{net} = "10.0.3.0/24"'
        for i in range(children):
            port = f'proto = "udp"\n{net}-port = {int(PORT) + i}\n' \
                f"child = {i}\n" if children > 1 else ""
            yield f"protect {{\norder = {100 + i}\n{port}{where}\n}}"

    def start(self, paths, mode, children):
        """Up, with that many paths between the two."""
        run("modprobe", "mobx")
        for end, role, remote, other in (
                ("server", "respond", "any", "mobile"),
                ("mobile", "initiate", self.server, "server")):
            folder = f"{self.out}/{end}"
            os.makedirs(folder, exist_ok=True)
            conf = f"{folder}/conf"
            self.write(conf, self.CONF.format(
                out=self.out, end=end, role=role, remote=remote,
                start="on-load" if end == "mobile" else "manual",
                other=other, psk=PSK, ike=IKE, esp=ESP, mode=mode,
                rrc="before" if self.name == "mobx-before" else "early",
                protect="\n".join(self.protect(end, other, mode, children))))
            self.spawn(end, [f"{TOP}/build/mobxd", "-c", conf], f"{end}.log")
        wait_for(lambda: len(self.valid()) == paths, "the paths of mobx")
        wait_for(lambda: self.outbound() == children, "the Child SAs of mobx")
        self.spawn("mobile", [f"{TOP}/build/mobx", "-S",
                              f"{self.out}/mobile/control", "-j", "monitor"],
                   "events")

    def mobx(self, *words):
        return run("ip", "netns", "exec", "mobile", f"{TOP}/build/mobx", "-S",
                   f"{self.out}/mobile/control", *words, check=False)

    def valid(self):
        try:
            paths = json.loads(self.mobx("-j", "path", "show", "peer"))
        except ValueError:
            return []
        return [p for p in paths if p["state"] == "valid"]

    def outbound(self):
        return len([sa for sa in json.loads(run(
            "ip", "netns", "exec", "mobile", f"{TOP}/build/mobx", "-j", "sa",
            "show")) if sa["dir"] == "out"])

    def replays(self):
        return sum(json.loads(run(
            "ip", "netns", "exec", end, f"{TOP}/build/mobx", "-j", "stats",
            "in-replayed"))[0]["value"] for end in ("mobile", "server"))

    def use(self, address):
        said = self.mobx("path", "use", "peer", address)
        if said.strip():
            raise RuntimeError(f"path use: {said.strip()}")

    def told(self, when):
        found = {}
        with open(f"{self.out}/events", encoding="utf-8") as lines:
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                for key in ("t_update_us", "t_rrc_us"):
                    if key in event and event.get("time", 0) >= when:
                        found.setdefault(key, int(event[key]) / 1000)
        return found


class Strongswan(Agents):
    CHARON = """
charon-systemd {{
	load = random nonce openssl kdf kernel-netlink socket-default vici
	{more}
	journal {{
		default = -1
	}}
	filelog {{
		log {{
			path = {out}/{end}.log
			flush_line = yes
			default = 1
		}}
	}}
	plugins {{
		vici {{
			socket = unix://{out}/{end}/vici
		}}
	}}
}}
swanctl {{
	load = random openssl
}}
"""
    CHILD = """
			net{i} {{
				mode = {mode}
				esp_proposals = {esp}
				{selectors}
				{start}
			}}
"""
    TUNED = """
	retransmit_timeout = 0.1
	retransmit_base = 1.5
	retransmit_tries = 8
"""
    SWANCTL = """
connections {{
	peer {{
		version = 2
		{addresses}
		proposals = {ike}
		local {{
			auth = psk
			id = {end}.example
		}}
		remote {{
			auth = psk
			id = {other}.example
		}}
		children {{
			{children}
		}}
	}}
}}
secrets {{
	ike-peer {{
		id = {other}.example
		secret = "{psk}"
	}}
}}
"""

    def environment(self, end):
        folder = f"{self.out}/{end}"
        return {"STRONGSWAN_CONF": f"{folder}/strongswan.conf",
                "SWANCTL_DIR": folder}

    def swanctl(self, end, *words, check=True):
        return run("ip", "netns", "exec", end, "swanctl", *words, "--uri",
                   f"unix://{self.out}/{end}/vici", check=check,
                   env=dict(os.environ, **self.environment(end)))

    def launch(self, end):
        """With the configuration that is there."""
        self.spawn(end, ["charon-systemd"], f"{end}.err",
                   **self.environment(end))
        wait_for(lambda: "strongSwan" in self.swanctl(
            end, "--version", "--daemon", check=False), "charon")
        self.swanctl(end, "--load-all")

    def children(self, end, other, mode, children):
        for i in range(children):
            port = f"[udp/{int(PORT) + i}]" if children > 1 else ""
            any_port = "[udp]" if children > 1 else ""
            ports = {"server": port, "mobile": any_port}
            nets = NETS if mode == "tunnel" else \
                {"server": "dynamic", "mobile": "dynamic"}
            yield self.CHILD.format(
                i=i, mode=mode, esp=ESP,
                selectors=f"local_ts = {nets[end]}{ports[end]}\n"
                f"\t\t\t\tremote_ts = {nets[other]}{ports[other]}",
                start="start_action = start" if end == "mobile" else "")

    def start(self, paths, mode, children):
        """Up; how many addresses there are is its own business."""
        tuned = self.name == "strongswan-tuned"
        for end, other, addresses in (
                ("server", "mobile", f"local_addrs = {self.server}"),
                ("mobile", "server", f"remote_addrs = {self.server}")):
            folder = f"{self.out}/{end}"
            os.makedirs(folder, exist_ok=True)
            self.write(f"{folder}/strongswan.conf", self.CHARON.format(
                out=self.out, end=end, more=self.TUNED if tuned else ""))
            self.write(f"{folder}/swanctl.conf", self.SWANCTL.format(
                addresses=addresses, end=end, other=other, psk=PSK,
                ike=IKE, children="".join(
                    self.children(end, other, mode, children))))
            self.launch(end)
            if tuned:
                self.block_clear(end, mode)
        wait_for(lambda: all(self.swanctl(
            end, "--list-sas", check=False).count("INSTALLED") == children
            for end in ("mobile", "server")), "strongSwan's Child SAs")

    def block_clear(self, end, mode):
        """What its documentation offers against leaks: a policy of the
        kernel's that drops what no Child SA takes, by hand."""
        for way in ("out", "in"):
            ends = ("src", "dst") if (end == "mobile") == (way == "in") \
                else ("dst", "src")
            run("ip", "-n", end, "xfrm", "policy", "add", ends[0],
                NETS["server"] if mode == "tunnel" else self.server + "/32",
                ends[1], "10.0.0.0/8", "proto", "udp",
                "dport" if (end == "mobile") == (way == "out") else "sport",
                PORT, "dir", way, "action", "block", "priority", "1000000")


def make(name, out, server):
    return (Mobx if name.startswith("mobx") else Strongswan)(name, out, server)

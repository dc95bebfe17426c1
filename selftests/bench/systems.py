# SPDX-License-Identifier: GPL-2.0
"""Two namespaces, a veth pair, and the systems that protect what crosses it.

For the benchmarks, inside the rig's VM.  Keys are throw-away ones for
throw-away VMs.
"""

import json
import os
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
TRAFFIC = os.path.join(TOP, "build", "bench", "traffic")
MOBX = os.path.join(TOP, "build", "mobx")
# The link's own addresses, and those behind tunnels, of either family.
OUTER = {"ipv4": ("10.99.0.1", "10.99.0.2"),
         "ipv6": ("fd99::1", "fd99::2")}
INNER = {"ipv4": ("10.98.0.1", "10.98.0.2"),
         "ipv6": ("fd98::1", "fd98::2")}
WIDTH = {"ipv4": 32, "ipv6": 128}
GCM = ("0x4c80cdefbb5d10da906ac73c3613a63400000443",
       "0x3f7a2c9d1e5b60488a41d9c3b7f2560e00000887")
CBC = ("0x6a01d2f83c5be94700f1ab26c87e9d55",
       "0xe53c90716fd8a2b40e1c7b98f6452d3a")
SHA1 = ("0x0b77c1e2953fad48606e1f9d82b5c3047a6d9e21",
        "0xd02e486bf7193ac5508e7d14a9c2f36bb8e1750c")
SPIS = ("0x1001", "0x2002")


def run(*words, check=True, **more):
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **more)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout.strip()}")
    return done.stdout


def boot(script, words, kernel, *options):
    """Run a benchmark in the rig: the rows that it printed, its status.

    They go on to standard output at once.
    """
    argv = [os.path.join(TOP, "selftests", "vm", "run"), *options, "-k",
            kernel, "--", script, "--guest", *words]
    rows = []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as vm:
        for line in vm.stdout:
            print(line, end="", flush=True)
            if line.startswith("{"):
                rows.append(json.loads(line))
    return rows, vm.returncode


def put(bench, system, **values):
    """Print a row; XFRM with esp4_offload is XFRM."""
    row = {"bench": bench, "system": system.removesuffix("-offload")}
    if row["system"] != system:
        row["offload"] = True
    row["kernel"] = ".".join(os.uname().release.split(".")[:2])
    print(json.dumps(dict(row, **values)), flush=True)


def name(row):
    """The system of a row, as SETUPS has it."""
    return row["system"] + ("-offload" if row.get("offload") else "")


def alg_of(system, alg):
    """What a system encrypts with when it is asked for alg."""
    return {"plain": "none",
            "wireguard": "chacha20-poly1305"}.get(system, alg)


def protocol(system, mode):
    """The IP protocol that datagrams must have on the link, for traffic."""
    return "17" if mode == "none" or system == "wireguard" else "50"


def world(mode, family):
    """Fresh namespaces a and b.  Returns the addresses that traffic uses."""
    for i, ns in enumerate(("a", "b")):
        run("ip", "netns", "add", ns)
        run("ip", "netns", "exec", ns, "sysctl", "-qw",
            "net.ipv6.conf.default.accept_dad=0",
            "net.core.rmem_max=8000000", check=False)
    run("ip", "link", "add", "va", "netns", "a", "type", "veth",
        "peer", "name", "vb", "netns", "b")
    for i, ns in enumerate(("a", "b")):
        for kind, address in OUTER.items():
            run("ip", "-n", ns, "addr", "add",
                f"{address[i]}/{WIDTH[kind] - 8}", "dev", "v" + ns)
        run("ip", "-n", ns, "link", "set", "v" + ns, "up")
        run("ip", "-n", ns, "link", "set", "lo", "up")
    if mode != "tunnel":
        return OUTER[family]
    for i, ns in enumerate(("a", "b")):
        mine, other = INNER[family][i], INNER[family][1 - i]
        run("ip", "-n", ns, "addr", "add", f"{mine}/{WIDTH[family]}",
            "dev", "lo")
        run("ip", "-n", ns, "route", "add", other, "via",
            OUTER[family][1 - i], "dev", "v" + ns, "src", mine)
    return INNER[family]


def end_world():
    """esp4_offload looks at everybody's ESP while it is loaded, so it goes."""
    run("ip", "-all", "netns", "delete")
    for module in ("esp4_offload", "esp6_offload", "esp4", "esp6", "mobx",
                   "wireguard"):
        for _ in range(100):
            if subprocess.run(["modprobe", "-q", "-r", module],
                              check=False).returncode == 0:
                break
            time.sleep(0.2)


def plain(mode, alg, family):
    """Nothing at all."""


XFRM_ALGS = {
    "aes-gcm-128": lambda i: ("aead", "rfc4106(gcm(aes))", GCM[i], "128"),
    "aes-cbc-sha1": lambda i: ("enc", "cbc(aes)", CBC[i], "auth",
                               "hmac(sha1)", SHA1[i]),
    "null-sha1": lambda i: ("enc", "ecb(cipher_null)", "", "auth",
                            "hmac(sha1)", SHA1[i]),
}


def xfrm(mode, alg, family):
    run("modprobe", "esp4" if family == "ipv4" else "esp6")
    ends = OUTER[family]
    inner = INNER[family] if mode == "tunnel" else ends
    for ns, me in (("a", 0), ("b", 1)):
        for i in (0, 1):
            run("ip", "-n", ns, "xfrm", "state", "add", "src", ends[i],
                "dst", ends[1 - i], "proto", "esp", "spi", SPIS[i], "reqid",
                "1", "mode", mode, "replay-window", "32", *XFRM_ALGS[alg](i))
        for way, i in (("out", me), ("in", 1 - me)):
            run("ip", "-n", ns, "xfrm", "policy", "add", "src", inner[i],
                "dst", inner[1 - i], "dir", way, "tmpl", "src", ends[i],
                "dst", ends[1 - i], "proto", "esp", "reqid", "1", "mode",
                mode)


def xfrm_offload(mode, alg, family):
    run("modprobe", "esp4_offload" if family == "ipv4" else "esp6_offload")
    xfrm(mode, alg, family)


MOBX_ALGS = {
    "aes-gcm-128": lambda i: ("aead", "aes-gcm-16", GCM[i], "force"),
    "aes-cbc-sha1": lambda i: ("enc", "aes-cbc", CBC[i], "auth",
                               "hmac-sha1-96", SHA1[i]),
    "null-sha1": lambda i: ("enc", "null", "auth", "hmac-sha1-96",
                            SHA1[i]),
}


def mobx_policies(ns, number, family):
    """That many policies for others, in front of the one that counts."""
    net = "192.0.2.0/24" if family == "ipv4" else "2001:db8::/64"
    lines = [f"policy add order {n} action discard proto udp remote {net} "
             f"dport {n}" for n in range(1, number + 1)]
    run(MOBX, "-n", ns, "-b", "-",
        input="\n".join(lines) + "\n")


def mobx(mode, alg, family, policies=1000):
    if not os.environ.get("MOBX_KO"):
        raise RuntimeError("mobx.ko is not built: run 'make modules'")
    run("modprobe", "mobx")
    ends = OUTER[family]
    inner = INNER[family] if mode == "tunnel" else ends
    for ns, me in (("a", 0), ("b", 1)):
        run(MOBX, "-n", ns, "peer", "add", "1", "local", ends[me],
            "remote", ends[1 - me])
        for way, i in (("out", me), ("in", 1 - me)):
            run(MOBX, "-n", ns, "sa", "add", "dir", way, "spi", SPIS[i],
                "peer", "1", "mode", mode, *MOBX_ALGS[alg](i))
        mobx_policies(ns, policies, family)
        run(MOBX, "-n", ns, "policy", "add", "order", "100000", "action",
            "protect", "peer", "1", "mode", mode, "local", inner[me],
            "remote", inner[1 - me])


def wireguard(mode, alg, family):
    run("modprobe", "wireguard")
    for i, ns in enumerate(("a", "b")):
        run("ip", "-n", ns, "link", "add", "wg0", "type", "wireguard")
    keys = [run("wg", "genkey").strip() for _ in range(2)]
    public = [run("wg", "pubkey", input=key).strip() for key in keys]
    for i, ns in enumerate(("a", "b")):
        end = OUTER[family][1 - i]
        end = f"[{end}]:5000" if family == "ipv6" else f"{end}:5000"
        run("ip", "netns", "exec", ns, "wg", "set", "wg0", "listen-port",
            "5000", "private-key", "/dev/stdin", "peer", public[1 - i],
            "endpoint", end, "allowed-ips",
            f"{INNER[family][1 - i]}/{WIDTH[family]}", input=keys[i])
        run("ip", "-n", ns, "link", "set", "wg0", "up")
        run("ip", "-n", ns, "route", "replace", INNER[family][1 - i], "dev",
            "wg0", "src", INNER[family][i])


SETUPS = {"plain": plain, "xfrm": xfrm, "xfrm-offload": xfrm_offload,
          "wireguard": wireguard, "mobx": mobx}


def firewall():
    """A rule on every hook of both namespaces, which looks at each packet."""
    hooks = ("prerouting", "input", "forward", "output", "postrouting")
    chains = "".join(f"chain {hook} {{ type filter hook {hook} priority 0; "
                     "ip protocol { udp, tcp, sctp, esp } counter; }\n"
                     for hook in hooks)
    for ns in ("a", "b"):
        run("ip", "netns", "exec", ns, "nft", "-f", "-",
            input=f"table inet bench {{\n{chains}}}\n")

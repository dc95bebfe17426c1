#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A cipher that always finishes later, on another CPU: packets, moves, SAs,
# namespaces and the module may go meanwhile. The kernel's pcrypt is one, and
# once it has been asked for by name, it is the first choice for all.
# rig: timeout=600 kernel=6.1
# covers: I1 I3 I7

. "$(dirname "$0")/esp_lib"
nltest=$top/build/net/nltest
[ -x "$nltest" ] || skip "no build/net/nltest"
# Its queues in 6.1 lock two of a kind at once, which stops lockdep for good.
[ ! -e /proc/lockdep ] || skip "pcrypt upsets lockdep"
modprobe -q -a pcrypt algif_aead || skip "no pcrypt or algif_aead"
A2=10.8.0.3

# An instance is asked for by the driver that it wraps: asked for by the name
# of an algorithm it is made as well, but not found.
bind_pcrypt() {
	python3 - <<-END
	import re, socket

	def bind(name):
	    s = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
	    s.bind(("aead", name))

	for name in ("rfc4106(gcm(aes))", "authenc(hmac(sha1),cbc(aes))"):
	    bind(name)
	    known = [dict(re.findall(r"(\S+) *: (.*)", alg))
	             for alg in open("/proc/crypto").read().split("\n\n")]
	    best = max((alg for alg in known if alg.get("name") == name),
	               key=lambda alg: int(alg["priority"]))
	    bind(f"pcrypt({best['driver']})")
	END
}
bind_pcrypt 2>"$tmp/err" || skip "no instance of pcrypt: $(tail -n 1 "$tmp/err")"

users() {	# PART OF A DRIVER'S NAME: how many use it
	awk -v want="pcrypt($1" '/^driver/ { ours = index($3, want) == 1 }
		/^refcnt/ && ours { n += $3 - 1 } END { print n + 0 }' /proc/crypto
}

unused() {
	[ "$(users "$1")" = 0 ]
}

both() { ma "$@" && mb "$@"; }

# Both hosts, protected with SUITE.
protected() {
	world
	ip -n a addr add $A2/24 dev va
	mobx_a "$1" && mobx_b "$1" || return
	ma peer set 1 local $A,$A2 remote $B
	mb peer set 1 local $B remote $A,$A2
	both policy add order 10 action protect proto icmp
	both policy add order 11 action protect proto udp
}

for name in "gcm128 rfc4106" "cbc-sha1 authenc"; do
	suite=${name% *}
	protected $suite
	check $? "$suite: peers, SAs, policies"
	[ "$(users "${name#* }")" -ge 4 ]
	check $? "$suite: the SAs have the asynchronous cipher: $(users "${name#* }")"
	for size in 56 1400 4000; do
		a ping -q -c 50 -i 0.01 -s $size -W 5 $B >"$tmp/ping"
		grep -q ' 50 received' "$tmp/ping" &&
			! grep -q duplicates "$tmp/ping"
		check $? "$suite: pings of $size octets, none lost, none twice: $(
			grep transmitted "$tmp/ping")"
	done
	[ "$(stat a out-crypto-error)$(stat b in-crypto-error)$(stat b in-integrity)" = 000 ]
	check $? "$suite: no error"

	ip netns exec a ping -qf -s 1000 $B >/dev/null 2>&1 &
	flood=$!
	a "$nltest" hammer 1000 $A $A2 $B >/dev/null
	check $? "$suite: 1000 rebinds under a flood"
	# The SAs go while their packets are at the cipher.
	for i in 1 2 3 4 5; do
		both sa flush
		ma sa add dir out spi 0x3${i}02 peer 1 $(suite $suite A) force
		mb sa add dir in spi 0x3${i}02 peer 1 $(suite $suite A) force
		ma sa add dir in spi 0x3${i}01 peer 1 $(suite $suite B) force
		mb sa add dir out spi 0x3${i}01 peer 1 $(suite $suite B) force
		sleep 0.3
	done
	a ping -q -c 20 -i 0.05 -W 5 $B >"$tmp/ping"
	grep -q ' 20 received' "$tmp/ping"
	check $? "$suite: SAs replaced under it, and packets pass"
	# And the namespaces: the flood is the last that is in one.
	ip netns del a
	ip netns del b
	kill $flood
	wait_for 20 unused "${name#* }"
	check $? "$suite: namespaces end under it, and the ciphers are free"
	wait $flood
done
for i in 1 2 3; do
	modprobe mobx && protected gcm128 &&
		{ a ping -qf -s 1000 -w 1 $B >/dev/null 2>&1; both peer flush; both policy flush; } &&
		wait_for 20 rmmod mobx
	check $? "the module goes right after the last packet"
done
ip netns del a
ip netns del b
wait_for 20 rmmod pcrypt
check $? "and so does pcrypt"
finish

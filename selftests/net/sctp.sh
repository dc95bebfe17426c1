#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SCTP first: with 15 ms of round trip, two CPUs and two links, TCP, SCTP and
# UDP keep what they reach in clear, within the cost of the cipher; a
# multi-homed association uses and survives the loss of its first link.
# rig: timeout=600 alone kernel=6.1

. "$(dirname "$0")/esp_lib"
command -v iperf3 >/dev/null || skip "no iperf3"
modprobe -q sctp && modprobe -q sch_netem || skip "no sctp or sch_netem"
A2=10.8.1.1 B2=10.8.1.2

two_links() {
	local ns dev

	world
	ip link add va2 netns a type veth peer name vb2 netns b
	ip -n a addr add $A2/24 dev va2
	ip -n b addr add $B2/24 dev vb2
	ip -n a link set va2 up
	ip -n b link set vb2 up
	for ns in a b; do
		for dev in v$ns v${ns}2; do
			in_ns $ns tc qdisc add dev $dev root netem \
				delay 7.5ms limit 10000
		done
	done
}

protect() {
	ma -b - <<-END
		peer add 1 path local $A remote $B primary path local $A2 remote $B2
		sa add dir out spi 0x2002 peer 1 $(suite gcm128 A) force
		sa add dir in spi 0x1001 peer 1 $(suite gcm128 B) force
		policy add order 10 action protect remote 10.8.0.0/16
	END
	mb -b - <<-END
		peer add 1 path local $B remote $A primary path local $B2 remote $A2
		sa add dir out spi 0x1001 peer 1 $(suite gcm128 B) force
		sa add dir in spi 0x2002 peer 1 $(suite gcm128 A) force
		policy add order 10 action protect remote 10.8.0.0/16
	END
}

# Throughput in kb/s that iperf3 measures at the receiver.
speed() {	# OPTIONS of iperf3
	ip netns exec b timeout 60 iperf3 -s -1 >"$tmp/server" 2>&1 &
	wait_for 10 grep -q listening "$tmp/server"
	a timeout 50 iperf3 -J -c $B -t 4 "$@" >"$tmp/client" 2>&1
	python3 - "$tmp/client" <<-'END'
	import json, sys
	end = json.load(open(sys.argv[1])).get("end", {})
	best = end.get("sum_received") or end.get("sum") or {}
	print(int(best.get("bits_per_second", 0) * (100 - best.get("lost_percent", 0)) / 100000))
	END
}

# In clear first, then protected: at least a quarter of what it was, but for
# more than the emulated cipher can do no more is asked.
declare -A clear
two_links
for proto in tcp sctp udp; do
	case $proto in
	tcp) opts=() ;; sctp) opts=(--sctp) ;; udp) opts=(-u -b 8M -l 1200) ;;
	esac
	clear[$proto]=$(speed "${opts[@]}")
done
two_links
protect
a nft -f - <<-END
	table ip t {
		counter super { }
		chain out {
			type filter hook output priority 0
			ip protocol sctp ip length > 1500 counter name super
		}
	}
END
for proto in tcp sctp udp; do
	case $proto in
	tcp) opts=() ;; sctp) opts=(--sctp) ;; udp) opts=(-u -b 8M -l 1200) ;;
	esac
	now=$(speed "${opts[@]}")
	want=$((clear[$proto] / 4))
	[ $want -le 5000 ] || want=5000
	[ "$now" -ge $want ] && [ "$now" -gt 0 ]
	check $? "$proto: $now kb/s protected, ${clear[$proto]} in clear"
done
[ "$(stat a in-integrity)$(stat b in-integrity)" = 00 ]
check $? "no packet was damaged"
# Each of iperf3's two associations learns it from its first.
super=$(a nft list counter ip t super | sed -n 's/.*packets \([0-9]*\).*/\1/p')
[ "${super:-9}" -le 2 ]
check $? "SCTP stops making super-packets that would be bursts: $super"

# One association over both links, the first of which goes away.
two_links
protect
a sysctl -qw net.sctp.path_max_retrans=1 net.sctp.rto_min=200 \
	net.sctp.rto_initial=300 net.sctp.rto_max=600
ip netns exec b timeout 60 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
sock.bind(('0.0.0.0', 4244))
sock.listen(1)
print('ready', flush=True)
peer, _ = sock.accept()
total = 0
while True:
    data = peer.recv(65536)
    if not data:
        break
    total += len(data)
print(total, flush=True)" >"$tmp/sctp" &
server=$!
wait_for 10 grep -q ready "$tmp/sctp"
a timeout 60 python3 -c "
import socket, subprocess
sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
sock.connect(('$B', 4244))
for i in range(400):
    sock.sendall(b'x' * 1000)
    if i == 100:
        subprocess.run(('ip', 'link', 'set', 'va', 'down'), check=True)
sock.close()"
wait $server
[ "$(tail -n 1 "$tmp/sctp")" = 400000 ]
check $? "SCTP goes on over the second link: $(tail -n 1 "$tmp/sctp") of 400000"
ma peer show 1 | grep "$A2" | grep -q . &&
	[ "$(stat a in-protected)" -gt 100 ]
check $? "protected on both"
finish

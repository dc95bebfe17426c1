#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A NAT in front of the mobile, which both of its links are behind: flows in
# transport mode live on when the NAT starts anew, in use or not, and the paths
# stay distinct though they have one address outside. Then a second host, which has
# the first one's private address behind another NAT.
# rig: timeout=600
# covers: MX6 MX13 MB25 I2

. "$(dirname "$0")/agent_lib"

S=10.7.3.2

command -v nft >/dev/null || skip "no nft"
modprobe -a sctp nf_conntrack_netlink 2>/dev/null ||
	skip "no SCTP, or no way to empty a NAT's table"

# What it had before is forgotten: message IPCTNL_MSG_CT_DELETE, for all.
nat() {	# THOUSAND OF PORTS FOR RADIO, FOR WLAN
	r nft -f - <<-END
		table ip nat
		delete table ip nat
		table ip nat {
			chain post {
				type nat hook postrouting priority 100
				ip saddr 10.7.6.0/24 accept
				ip saddr 10.7.1.0/24 oifname wire ip protocol udp masquerade to :${1}000-${1}999
				ip saddr 10.7.2.0/24 oifname wire ip protocol udp masquerade to :${2}000-${2}999
				oifname wire masquerade
			}
		}
	END
	r python3 - <<-'END'
		import socket, struct
		s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
		s.bind((0, 0))
		s.send(struct.pack("=IHHIIBBH", 20, 0x102, 5, 1, 0, 0, 0, 0))
		raise SystemExit(struct.unpack_from("=i", s.recv(4096), 16)[0])
	END
}

# The server sends to a port of this range.
sends_to() { mobx s peer show | grep -q "encap-dport ${1}[0-9][0-9][0-9]"; }
two_paths() { [ "$(mobx m path show | grep -c ' valid')" = 2 ]; }
count() { cat "$tmp/got" 2>/dev/null || echo udp 0 tcp 0 sctp 0; }

# Each of the flows has got at least so many answers more than it had.
more_than() {	# UDP TCP SCTP, AS COUNTED BEFORE
	local now
	now=($(count))

	[ "${now[1]}" -ge $(($1 + 20)) ] && [ "${now[3]}" -ge $(($2 + 20)) ] &&
		[ "${now[5]}" -ge $(($3 + 20)) ]
}

flow_on() {	# WHAT
	local was
	was=($(count))

	wait_for 30 more_than "${was[1]}" "${was[3]}" "${was[5]}"
	check $? "$1: UDP, TCP and SCTP flow ($(count))"
}

more="protect { order = 101 proto = \"udp\" DIR = \"10.7.3.0/24\" }
	protect { order = 102 proto = \"tcp\" DIR = \"10.7.3.0/24\" }
	protect { order = 103 proto = \"sctp\" DIR = \"10.7.3.0/24\" }"

platform
nat 40 50
check $? "the router is a NAT"
mobile_conf "$tmp/m.conf" "${more//DIR/remote}"
server_conf "$tmp/s.conf" "${more//DIR/local}"
# Whoever has the key.
sed -i '/remote-id/d' "$tmp/s.conf"
ip netns exec r tcpdump -i any -nn -l -p "ip and not udp port 500 and
	not udp port 4500 and not (icmp[0] = 3 or icmp[0] = 5)" \
	>"$tmp/clear" 2>"$tmp/tcpdump" &
background+=($!)
wait_for 20 grep -q listening "$tmp/tcpdump"
start s
start m
wait_for 40 both_up && wait_for 20 two_paths
check $? "up through the NAT, both links are paths"
sends_to 40
check $? "the server sends to the NAT's port of the first link"

ip netns exec s "$top/selftests/net/flows" serve $S >"$tmp/serve" &
background+=($!)
wait_for 30 grep -q ready "$tmp/serve"
ip netns exec m "$top/selftests/net/flows" run 10.7.1.2 $S "$tmp/got" \
	2>"$tmp/flows.log" &
background+=($!)
flow_on "through the NAT"

nat 41 51
wait_for 20 sends_to 41
check $? "the NAT starts anew: the server sends to the new port"
flow_on "the NAT has started anew"

# Nothing is sent by the mobile; what comes is lost until it finds out.
kill "${background[-1]}"
nat 42 52
wait_for 20 sends_to 42
check $? "the NAT starts anew, no data: found by the next sign of life"

mobx m path use server 10.7.2.2 && wait_for 10 sends_to 52
check $? "the second link, soft: the server sends to its port"
m ping -q -c 3 -i 0.2 -W 5 -I 10.7.2.2 $S >/dev/null
check $? "the second link, soft: ping"
ip -n m link set wlan down
wait_for 10 sends_to 42 && m ping -q -c 3 -i 0.2 -W 5 -I 10.7.1.2 $S >/dev/null
check $? "its link goes down: back on the first one"
# n behind q, as m is behind r, which is no NAT for what q sends.
for ns in n q; do
	ip netns add $ns
	ip -n $ns link set lo up
done
trap 'ip netns del n 2>/dev/null; ip netns del q 2>/dev/null; cleanup' EXIT
in_ns q sysctl -qw net.ipv4.ip_forward=1
link q out 6
ip -n q route add default via 10.7.6.1
ip link add radio netns n type veth peer name in netns q
ip -n n addr add 10.7.1.2/24 dev radio
ip -n q addr add 10.7.1.1/24 dev in
ip -n n link set radio up
ip -n q link set in up
ip -n n route add default via 10.7.1.1
in_ns q nft -f - <<-END
	table ip nat {
		chain post {
			type nat hook postrouting priority 100
			oifname out ip protocol udp masquerade to :44000-44999
			oifname out masquerade
		}
	}
END
sed "s/mobile.example/other.example/; s|$tmp/m/|$tmp/n/|" "$tmp/m.conf" \
	>"$tmp/n.conf"
chmod 600 "$tmp/n.conf"
start n
wait_for 40 is_up n
check $? "two hosts, one private address: both are up"
sends_to 42 && sends_to 44 && [ "$(mobx s -j peer show | jq length)" = 2 ]
check $? "two hosts, one private address: the server sends to both NATs"
ip netns exec m ping -q -c 20 -i 0.1 -W 5 -I 10.7.1.2 $S >"$tmp/ping.m" &
one=$!
in_ns n ping -q -c 20 -i 0.1 -W 5 $S >"$tmp/ping.n"
wait "$one"
grep -q ' 20 received' "$tmp/ping.m" && grep -q ' 20 received' "$tmp/ping.n"
check $? "two hosts, one private address: each gets its own answers"
ip netns exec n "$top/selftests/net/flows" run 10.7.1.2 $S "$tmp/got.n" \
	2>>"$tmp/flows.log" &
background+=($!)
n_flows() {
	local now
	now=($(cat "$tmp/got.n" 2>/dev/null))
	[ "${now[1]:-0}" -ge 20 ] && [ "${now[3]:-0}" -ge 20 ] &&
		[ "${now[5]:-0}" -ge 20 ]
}
wait_for 30 n_flows
check $? "two hosts, one private address: flows of the second ($(cat "$tmp/got.n"))"
# They say good-bye as long as somebody hears it: else the namespace has to wait.
kill "${background[-1]}"
sleep 2
! grep -q 'ike-down' "$tmp/m.log" "$tmp/n.log"
check $? "all of it by one IKE SA each"
nothing_clear
check $? "nothing in clear"
finish

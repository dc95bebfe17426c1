#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The network device: what is routed into it takes the tunnel whose selectors
# match, or its sender hears that there is none; what comes out of a tunnel comes
# in by it. No policy is needed, and those that there are hold. Moves touch no
# route.
#
#	h ---- lan a 10.9.0.1 mobx0 === link === mobx0 10.9.0.2 b
# rig: timeout=600
# covers: TN4 AR1 AR15 MB34 I2

. "$(dirname "$0")/esp_lib"
echo=$top/selftests/net/esp_echo
A2=10.8.0.11
AI=10.9.0.1 BI=10.9.0.2 AI6=fd09::1 BI6=fd09::2
command -v nft >/dev/null || skip "no nft"

refused() {	# WORDS COMMAND...
	local words=$1
	shift

	! "$@" 2>"$tmp/refused" && grep -q "$words" "$tmp/refused"
}

tx() {	# NAMESPACE FIELD of the device's statistics
	ip netns exec $1 cat /sys/class/net/mobx0/statistics/$2
}

dropped() { tx a tx_dropped; }

device() {	# NAMESPACE ADDRESS ADDRESS6
	ip -n $1 link add mobx0 type mobx &&
	ip -n $1 addr add $2/32 dev mobx0 &&
	ip -n $1 addr add $3/128 dev mobx0 nodad &&
	ip -n $1 link set mobx0 up
}

# SAs of the pair of inner addresses, of both families.
sas_a() {
	ma -b - <<-END
		sa add dir in spi 0x1001 peer 1 mode tunnel $(suite gcm128 B) force selector local $AI remote $BI selector local $AI6 remote $BI6
		sa add dir out spi 0x2002 peer 1 mode tunnel $(suite gcm128 A) force selector local $AI remote $BI selector local $AI6 remote $BI6
	END
}

sas_b() {
	mb -b - <<-END
		sa add dir in spi 0x2002 peer 1 mode tunnel $(suite gcm128 A) force selector local $BI remote $AI selector local $BI6 remote $AI6
		sa add dir out spi 0x1001 peer 1 mode tunnel $(suite gcm128 B) force selector local $BI remote $AI selector local $BI6 remote $AI6
	END
}

# What leaves a by the wire and is neither ESP nor IPv6's own.
watch_clear() {
	ip netns exec a tcpdump -nUi va -w "$tmp/clear.pcap" \
		'(ip and not proto 50) or (ip6 and not ip6 proto 50 and
		not ip6[6] = 0 and
		not (icmp6 and ip6[40] >= 130 and ip6[40] <= 137))' \
		2>"$tmp/tcpdump.log" &
	watcher=$!
	wait_for 10 grep -q listening "$tmp/tcpdump.log"
}

# An outbound pair for each end, the first the primary one.
bind_pairs() {	# LOCAL-OF-A OF-B [THE OTHER OF A AND OF B]
	local other_a= other_b=

	[ $# = 4 ] && other_a="path local $3 remote $4" &&
		other_b="path local $4 remote $3"
	mb peer set 1 path local $2 remote $1 primary $other_b &&
		ma peer set 1 path local $1 remote $2 primary $other_a
}

routes() {
	ip -n a route show table all
	ip -n a -6 route show table all | grep -v expires
}

# ---- making and deleting

world
ip -n a addr add $A2/24 dev va
for ns in a b; do
	in_ns $ns sysctl -qw net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0
done
ip -n a addr add $A6/64 dev va nodad
ip -n b addr add $B6/64 dev vb nodad
refused "no link-layer address" \
	ip -n a link add mobx0 address 02:00:00:00:00:01 type mobx
check $? "a device with a link-layer address is refused"
refused "bound to no other device" \
	ip -n a link add link va name mobx0 type mobx
check $? "so is one on another device"
ip -n a link add foo type mobx && ip -n a -d link show foo | grep -q 'mobx'
check $? "a device: $(ip -n a -br link show foo | tr -s ' ')"
refused "one serves all peers" ip -n a link add mobx1 type mobx
check $? "a second one is refused"
refused "" ip -n a link set foo netns b
check $? "it does not move to another namespace"
[ "$(cat /sys/module/mobx/refcnt)" -gt 0 ]
check $? "it holds the module"
"$mobx" -n a check 2>&1 | grep -A 1 holds | grep -q foo
check $? "and mobx check says so"
ip -n a link del foo
wait_for 5 [ "$(cat /sys/module/mobx/refcnt)" = 0 ]
check $? "gone, it does not"
device a $AI $AI6 && device b $BI $BI6
check $? "another, and one in another namespace"
ip -n a route add $BI dev mobx0
ip -n a -6 route add $BI6 dev mobx0
ip -n b route add $AI dev mobx0
ip -n b -6 route add $AI6 dev mobx0

# ---- without SAs

watch_clear
a ping -c 1 -W 2 $BI 2>&1 | grep -q "Destination Host Unreachable"
check $? "no tunnel: who sends hears that the host is unreachable"
a ping -c 1 -W 2 $BI6 2>&1 | grep -q "Address unreachable"
check $? "the same for IPv6"
[ "$(stat a out-no-tunnel)" = 2 ] && [ "$(dropped)" = 2 ]
check $? "both are counted: $(stat a out-no-tunnel), $(dropped)"

# ---- traffic, of both families in both

ma peer add 1 local $A,$A2 remote $B
mb peer add 1 local $B remote $A,$A2
sas_a && sas_b
check $? "SAs for what the device is to carry"
exchange() {	# WHAT
	a ping -qc 3 -i 0.1 -W 2 $BI >/dev/null && b ping -qc 1 -W 2 $AI >/dev/null
	check $? "$1: IPv4 both ways"
	a ping -qc 3 -i 0.1 -W 2 $BI6 >/dev/null && b ping -qc 1 -W 2 $AI6 >/dev/null
	check $? "$1: IPv6 both ways"
	"$echo" a b $BI stream
	check $? "$1: a stream over IPv4"
	"$echo" b a $AI6 stream
	check $? "$1: a stream over IPv6"
}
ip netns exec a tcpdump --immediate-mode -nUi mobx0 -w "$tmp/inside.pcap" \
	2>"$tmp/inside.log" &
tap=$!
wait_for 10 grep -q listening "$tmp/inside.log"
exchange "in IPv4"
kill $tap
wait $tap 2>/dev/null
inside() { tcpdump -nr "$tmp/inside.pcap" "$@" 2>/dev/null | wc -l; }
[ "$(inside icmp)" -ge 8 ] && [ "$(inside icmp6)" -ge 8 ] &&
	[ "$(inside proto 50 or ip6 proto 50)" = 0 ]
check $? "a tap on the device sees clear packets only, of both directions"
[ "$(tx a rx_packets)" -gt 8 ] && [ "$(tx a tx_packets)" -gt 8 ] &&
	[ "$(tx a rx_bytes)" -gt 2000000 ] && [ "$(tx a tx_bytes)" -gt 2000000 ]
check $? "the device counts them"
bind_pairs $A6 $B6
check $? "both ends move to IPv6"
exchange "in IPv6"
"$echo" a b $BI datagrams
check $? "in IPv6: datagrams of every small size, and fragments"
bind_pairs $A $B $A2 $B
! clear_seen
check $? "nothing on the wire was in clear"

# ---- the firewall, and the way back

b nft -f - <<-END
	table inet t {
		chain c {
			type filter hook input priority 0;
			iifname mobx0 icmp type echo-request counter
		}
		chain o {
			type filter hook output priority 0;
			oifname mobx0 icmp type echo-reply counter
		}
	}
END
b sysctl -qw net.ipv4.conf.all.rp_filter=1
a ping -qc 3 -i 0.1 -W 2 $BI >/dev/null
check $? "strict reverse path filtering agrees with the device"
[ "$(b nft list table inet t | grep -c 'counter packets 3')" = 2 ]
check $? "rules see the device, in and out"
b sysctl -qw net.ipv4.conf.all.rp_filter=0
b nft delete table inet t

# ---- policies, and what no tunnel covers

ip -n a route add 10.9.0.77 dev mobx0
before=$(stat a out-no-tunnel)
a ping -c 1 -W 2 -I $AI 10.9.0.77 2>&1 | grep -q "Destination Host Unreachable" &&
	[ "$(stat a out-no-tunnel)" = $((before + 1)) ]
check $? "an address that no SA covers is unreachable, beside those that are"
ma policy add order 10 action discard remote $BI proto icmp
! a ping -qc 1 -W 0.5 $BI >/dev/null && [ "$(stat a out-discarded)" = 1 ]
check $? "a policy that discards holds"
ma policy delete order 10
ma policy add order 10 action bypass remote $BI
a ping -qc 1 -W 2 $BI >/dev/null && [ "$(stat a out-bypassed)" = 0 ]
check $? "what may leave in clear is protected all the same"
ma policy delete order 10
ma policy default discard
a ping -qc 1 -W 2 $BI >/dev/null
check $? "selectors of an SA come before a default that discards"
ma policy default bypass
ma policy add order 10 action protect mode tunnel remote 10.9.0.77
mb -b - <<-END
	sa add dir in spi 0x2003 peer 1 mode tunnel $(suite gcm128 C) force selector local 10.9.0.77 remote $AI
	sa add dir out spi 0x1003 peer 1 mode tunnel $(suite gcm128 D) force selector local 10.9.0.77 remote $AI
END
ip -n b addr add 10.9.0.77/32 dev mobx0
# Nothing waits longer than three seconds, for which a busy host needs tries.
cat >"$tmp/come" <<-END
	sa add dir in spi 0x1003 peer 1 mode tunnel $(suite gcm128 D) force selector local $AI remote 10.9.0.77
	sa add dir out spi 0x2003 peer 1 mode tunnel $(suite gcm128 C) force selector local $AI remote 10.9.0.77
END
printf '%s\n' "sa delete dir out spi 0x2003 peer 1" "sa delete dir in spi 0x1003" \
	>"$tmp/go"
echo "peer set 1 local $A,$A2 remote $B" >"$tmp/back"
echo "peer set 1 local 10.8.0.99 remote $B" >"$tmp/away"
held() { [ "$(stat a out-held)" -gt $before ]; }
waits() {	# ADDRESS, BATCH that brings what is missing, BATCH that takes it away
	local try waiting before

	for try in 1 2 3 4 5; do
		before=$(stat a out-held)
		ip netns exec a ping -qc 1 -W 6 -I $AI "$1" >/dev/null &
		waiting=$!
		wait_for 3 held
		ma -b "$2"
		wait $waiting && return
		ma -b "$3"
	done
	return 1
}
waits 10.9.0.77 "$tmp/come" "$tmp/go"
check $? "where a policy protects, a packet waits for its tunnel"
ma policy flush
ma -b "$tmp/away"
waits $BI "$tmp/back" "$tmp/away"
check $? "without one it waits for a path"

# ---- moves

routes >"$tmp/before"
"$echo" a b $BI stream &
stream=$!
moves=0
while kill -0 $stream 2>/dev/null && [ $moves -lt 6 ]; do
	bind_pairs $A2 $B $A $B
	sleep 0.2
	bind_pairs $A $B $A2 $B
	sleep 0.2
	moves=$((moves + 2))
done
wait $stream && [ $moves -ge 2 ]
check $? "a connection lives through $moves moves"
routes | diff "$tmp/before" - >"$tmp/diff"
check $? "that touched no route: $(tr '\n' ' ' <"$tmp/diff")"

# ---- MTU: 1500 less 20, less 8 + 8 + 2 + 16, to a multiple of 4

ip -n a link show mobx0 | grep -q " mtu 1418 "
check $? "the MTU fits every tunnel over 1500 octets"
ip netns add h
ip link add ah netns a type veth peer name ha netns h
ip -n a addr add 10.1.0.1/24 dev ah
ip -n h addr add 10.1.0.2/24 dev ha
ip -n a link set ah up
ip -n h link set ha up
ip -n h route add default via 10.1.0.1
ip -n b route add 10.1.0.0/24 dev mobx0
a sysctl -qw net.ipv4.ip_forward=1
for end in "a 0x1004 0x2004 10.1.0.0/24 $BI E F" \
		"b 0x2004 0x1004 $BI 10.1.0.0/24 F E"; do
	read -r ns in out local remote key_in key_out <<<"$end"
	"$mobx" -n $ns -b - <<-END
		sa add dir in spi $in peer 1 mode tunnel $(suite gcm128 $key_in) force selector local $local remote $remote
		sa add dir out spi $out peer 1 mode tunnel $(suite gcm128 $key_out) force selector local $local remote $remote
	END
done
h() { in_ns h "$@"; }
h ping -qc 2 -i 0.1 -W 2 $BI >/dev/null
check $? "forwarded into the device"
too_big() {	# MTU; one octet more is too long, and who sends hears the MTU
	h ip route flush cache
	! h ping -c 1 -W 2 -M do -s $(($1 - 27)) $BI >"$tmp/ping" 2>&1 &&
		grep -q "mtu *= *$1" "$tmp/ping" &&
		h ping -qc 1 -W 2 -M do -s $(($1 - 28)) $BI >/dev/null
}
too_big 1418
check $? "too long for the device: the sender hears 1418"
ip -n a link set mobx0 mtu 1500
too_big 1446
check $? "too long for the path: the sender hears 1446"
[ "$(stat a out-too-big)" = 1 ] && [ "$(stat a out-fragmented)" = 0 ]
check $? "counted, and nothing was fragmented"
# The first teaches the route, the second is refused.
a ping -c 1 -W 2 -M do -s 1420 $BI >/dev/null 2>&1
! a ping -c 1 -W 2 -M do -s 1420 $BI >"$tmp/ping" 2>&1 &&
	grep -qi "mtu[=: ]*1446" "$tmp/ping" &&
	ip -n a route get $BI | grep -q 'mtu 1446'
check $? "own packets: the route learns it: $(ip -n a route get $BI | grep -o 'mtu [0-9]*')"
ip -n a link set mobx0 mtu 1418
ip netns del h

# ---- into itself

protected=$(stat a out-protected)
ip -n a route add $B/32 dev mobx0
! a ping -qc 3 -i 0.1 -W 0.5 $BI >/dev/null &&
	[ "$(stat a out-protected)" = $protected ]
check $? "a tunnel whose ESP is routed into it carries nothing"
ip -n a route del $B/32 dev mobx0
ma -b - <<-END
	sa add dir in spi 0x1005 peer 1 mode tunnel $(suite gcm128 G) force selector local any remote any
	sa add dir out spi 0x2005 peer 1 mode tunnel $(suite gcm128 H) force selector local any remote any
END
mb -b - <<-END
	sa add dir in spi 0x2005 peer 1 mode tunnel $(suite gcm128 H) force selector local any remote any
	sa add dir out spi 0x1005 peer 1 mode tunnel $(suite gcm128 G) force selector local any remote any
END
# A rule of the firewall sends ESP there, behind the look-up of its route.
ip -n a rule add pref 50 fwmark 7 lookup 50
ip -n a route add default dev mobx0 table 50
a nft -f - <<-END
	table ip t {
		chain c {
			type route hook output priority 0;
			ip protocol esp mark set 7
		}
	}
END
out=$(stat a out-no-route)
! a ping -qc 3 -i 0.1 -W 0.5 $BI >/dev/null &&
	[ "$(stat a out-no-route)" = $((out + 3)) ]
check $? "nor when it comes there by a rule: $(stat a out-no-route)"
a nft delete table ip t
ip -n a rule del pref 50
# As the manual has it: all into the tunnel but what the tunnel is made of.
ip -n a route add default dev mobx0 table 100
ip -n a rule add pref 90 ipproto esp lookup main
ip -n a rule add pref 100 lookup 100
ip -n b addr add 203.0.113.7/32 dev lo
a ping -qc 2 -i 0.1 -W 2 203.0.113.7 >/dev/null
check $? "everything into the tunnel, but for ESP"
ip -n a rule del pref 100

# ---- ends under traffic

ip netns exec b timeout 60 ping -qfW 1 $AI >/dev/null 2>&1 &
flooder=$!
carries() { [ "$(tx b rx_packets)" -gt $((before + 20)) ]; }
flowing() {
	before=$(tx b rx_packets)
	wait_for 10 carries
}
flowing && ip -n a link del mobx0 &&
	device a $AI $AI6 && ip -n a route add $BI dev mobx0 && flowing &&
	ip -n a link set mobx0 down && ip -n a link set mobx0 up &&
	ip -n a route add $BI dev mobx0 && flowing
check $? "the device goes and comes under traffic"
ip netns del a
check $? "its namespace goes under traffic"
kill $flooder
wait $flooder 2>/dev/null
ip netns del b
unused() { [ "$(cat /sys/module/mobx/refcnt)" = 0 ]; }
wait_for 20 unused
check $? "and nothing of it is left"
finish

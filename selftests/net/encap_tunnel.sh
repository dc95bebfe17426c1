#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ESP in UDP (RFC 3948), tunnel mode through a NAT against the kernel's XFRM; a
# mapping that changes, path MTU, damage, padding; both modes over IPv6. Tunnels
# are between 10.9.1.1, fd09:1::1 and 10.9.2.1, fd09:2::1.
#
# rig: timeout=600
# covers: UE2 UE6 TN4 ES11

. "$(dirname "$0")/encap_lib"

# --- tunnel mode through the NAT
inner() {	# NAMESPACE DEVICE OWN OTHER
	ip -n $1 addr add 10.9.$3.1/24 dev lo
	ip -n $1 addr add fd09:$3::1/64 dev lo nodad
	ip -n $1 route replace 10.9.$4.0/24 dev $2 src 10.9.$3.1
	ip -n $1 route replace fd09:$4::/64 dev $2 src fd09:$3::1
}

mobx_tunnel() {	# NAMESPACE LOCAL REMOTE OWN OTHER SPI-IN IN SPI-OUT OUT
	local here=10.9.$4.0/24 there=10.9.$5.0/24
	local here6=fd09:$4::/64 there6=fd09:$5::/64
	local sel="selector local $here remote $there selector local $here6 remote $there6"

	"$mobx" -n $1 -b - <<-END
		peer add 1 path local $2 remote $3 primary encap-sport 4500 encap-dport 4500
		sa add dir in spi $6 peer 1 mode tunnel $(suite gcm128 $7) force esn $sel
		sa add dir out spi $8 peer 1 mode tunnel $(suite gcm128 $9) force esn $sel
		policy add order 10 action protect peer 1 mode tunnel local $here remote $there
		policy add order 20 action protect peer 1 mode tunnel local $here6 remote $there6
	END
}

xfrm_tunnel() {	# NAMESPACE LOCAL REMOTE OWN OTHER SPI-IN IN SPI-OUT OUT
	local words v src dst way

	suite_xfrm gcm128 $7
	ip -n $1 xfrm state add src $3 dst $2 proto esp spi $6 reqid 1 \
		mode tunnel replay-window 64 flag esn flag af-unspec \
		encap espinudp 4500 4500 0.0.0.0 "${words[@]}" || return
	suite_xfrm gcm128 $9
	ip -n $1 xfrm state add src $2 dst $3 proto esp spi $8 reqid 1 \
		mode tunnel replay-window 64 flag esn flag af-unspec \
		encap espinudp 4500 4500 0.0.0.0 "${words[@]}" || return
	for v in 4 6; do
		src=10.9.$4.0/24 dst=10.9.$5.0/24
		[ $v = 6 ] && src=fd09:$4::/64 dst=fd09:$5::/64
		ip -n $1 xfrm policy add src $src dst $dst dir out \
			tmpl src $2 dst $3 proto esp reqid 1 mode tunnel
		for way in in fwd; do
			ip -n $1 xfrm policy add src $dst dst $src dir $way \
				tmpl src $3 dst $2 proto esp reqid 1 mode tunnel
		done
	done
}

tunnel_traffic() {	# WHAT CLIENT
	local v to

	for v in 4 6; do
		to=10.9.2.1
		[ $v = 6 ] && to=fd09:2::1
		in_ns $2 ping -qc 3 -i 0.1 -W 2 $to >/dev/null
		check $? "$1, IPv$v inside: ping"
		"$here/esp_echo" $2 s $to datagrams
		check $? "$1, IPv$v inside: datagrams and fragments"
		"$here/esp_echo" $2 s $to stream
		check $? "$1, IPv$v inside: a TCP stream"
	done
}

nat_world
inner c vc 1 2
inner n ns 1 2
inner s vs 2 1
mobx_tunnel c $C $S 1 2 0x1001 B 0x2002 A
xfrm_tunnel s $S $N 2 1 0x2002 A 0x1001 B
check $? "tunnel: mobx behind the NAT, XFRM beyond it"
watch
tunnel_traffic "tunnel to XFRM" c
clean_wire "tunnel to XFRM"

fresh
xfrm_tunnel c $C $S 1 2 0x1001 B 0x2002 A
mobx_tunnel s $S $N 2 1 0x2002 A 0x1001 B
check $? "tunnel: XFRM behind the NAT, mobx beyond it"
watch
tunnel_traffic "tunnel from XFRM" c
clean_wire "tunnel from XFRM"
[ "$(stat s in-integrity)" = 0 ]
check $? "tunnel from XFRM: all of it authentic"

# --- a NAT that starts anew has another port: told, and nothing moves
told() {
	in_ns c ping -qc 1 -W 1 10.9.2.1 >/dev/null
	grep -q "path-hint.*remote $N encap-sport 4500 encap-dport 4501" \
		"$tmp/events"
}

"$mobx" -n s monitor >"$tmp/events" 2>&1 &
monitor=$!
ip -n c xfrm policy flush
ip -n c xfrm state flush
before=$(stat s in-protected)
"$mobx" -n c -b - <<-END
	peer add 1 path local $C remote $S primary encap-sport 4501 encap-dport 4500
	sa add dir out spi 0x2002 peer 1 mode tunnel $(suite gcm128 A) force esn seq 100000
	policy add order 10 action protect peer 1 mode tunnel remote 10.9.2.0/24
END
wait_for 20 told
check $? "another port of the peer: an event tells"
kill $monitor
"$mobx" -n s peer show 1 | grep -q "encap-dport 4500" &&
	! "$mobx" -n s peer show 1 | grep -q 4501
check $? "another port of the peer: the binding stays"
[ "$(stat s in-protected)" -gt "$before" ]
check $? "another port of the peer: and the packet is taken"

# --- traffic flow confidentiality: all lengths look alike
fresh
mobx_tunnel c $C $S 1 2 0x1001 B 0x2002 A
mobx_tunnel s $S $N 2 1 0x2002 A 0x1001 B
"$mobx" -n c -b - <<-END
	sa delete dir out spi 0x2002 peer 1
	sa add dir out spi 0x2002 peer 1 mode tunnel $(suite gcm128 A) force esn seq 1000 tfc 600
END
watch
for size in 0 1 100 500 572; do
	in_ns c ping -qc 1 -W 2 -s $size 10.9.2.1 >/dev/null
	check $? "TFC: ping of $size"
done
unwatch
[ "$(seen "src $N and udp port 4500" | sed 's/.*length //' | sort | uniq -c |
	awk '{ print $1 }')" = 5 ]
check $? "TFC: of one length, all of them"

# --- IPv6, which has no NAT here but a UDP checksum
for mode in transport tunnel; do
	fresh
	if [ $mode = transport ]; then
		mobx_at n 1 $C6 $S6 4500 0x1001 B 0x2002 A
		"$mobx" -n n policy add order 10 action protect remote $S6
		xfrm_at s $S6 $C6 4500 0x2002 A 0x1001 B
	else
		mobx_tunnel n $C6 $S6 1 2 0x1001 B 0x2002 A
		xfrm_tunnel s $S6 $C6 2 1 0x2002 A 0x1001 B
	fi
	check $? "IPv6, $mode: peer, SAs and policy"
	watch
	if [ $mode = transport ]; then
		traffic "IPv6, transport" n $S6
	else
		tunnel_traffic "IPv6, tunnel" n
	fi
	unwatch
	seen "ip6 and udp port 4500" -vv >"$tmp/sums"
	[ "$(wc -l <"$tmp/sums")" -gt 100 ] &&
		! grep -v 'udp sum ok' "$tmp/sums" | head -n 5 | sed 's/^/# /' |
		grep .
	check $? "IPv6, $mode: UDP checksums are there and right"
	! seen "ip6 and not udp port 4500 and not ip6[6] = 44 and not ip6[6] = 0 and not (icmp6 and ip6[40] >= 130)" | grep .
	check $? "IPv6, $mode: nothing else on the wire"
done

# --- a router on the way takes less
fresh
ip -n n link set ns mtu 1300
ip -n s link set vs mtu 1300
mobx_at c 1 $C $S 4500 0x1001 B 0x2002 A
"$mobx" -n c policy add order 10 action protect remote $S
mobx_at s 1 $S $N 4500 0x2002 A 0x1001 B
"$mobx" -n s policy add order 10 action protect remote $N
"$here/esp_echo" c s $S stream
check $? "path MTU: a stream finds what fits"
"$mobx" -n c peer show 1 | grep -q "mtu 1300"
check $? "path MTU: the path knows"
before=$(stat c out-fragmented)
"$here/esp_echo" c s $S stream &&
	[ "$(stat c out-fragmented)" = "$before" ]
check $? "path MTU: and nothing is fragmented any more"

# --- damage
in_ns n tc qdisc add dev ns root netem corrupt 100%
! in_ns c ping -qc 40 -i 0.02 -W 1 $S >/dev/null
[ "$(stat s in-integrity)" -gt 5 ]
check $? "damaged packets are refused"
in_ns n tc qdisc del dev ns root
in_ns c ping -qc 2 -i 0.1 -W 2 $S >/dev/null
check $? "and disturb nothing"
for ns in c d n s; do
	ip netns del $ns
done
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ESP against the kernel's own XFRM, for each suite, both ways: small and large
# datagrams, every alignment, fragments, TCP; and what is not ours falls
# through to XFRM.
# rig: timeout=400
# covers: ES1 ES3 ES4 ES8 ES9 ES12 ES13 ES15 TN5 AR12

. "$(dirname "$0")/esp_lib"
echo=$top/selftests/net/esp_echo
modprobe esp4

# Nobody may see a clear packet on the wire: whatever is not ESP or ARP.
watch_clear() {
	ip netns exec b tcpdump -nUi vb -w "$tmp/clear.pcap" 'ip and not proto 50' \
		2>"$tmp/tcpdump.log" &
	watcher=$!
	wait_for 5 grep -q listening "$tmp/tcpdump.log"
}

clear_seen() {
	sleep 0.3
	kill $watcher
	wait $watcher
	tcpdump -nr "$tmp/clear.pcap" 2>/dev/null | tee "$tmp/clear.txt" |
		sed 's/^/# clear: /'
	[ -s "$tmp/clear.txt" ]
}

exchange() {	# SUITE
	local name=$1

	world
	mobx_a "$name" && ma policy add order 10 action protect remote $B &&
		xfrm_b "$name"
	check $? "$name: SAs and policies"
	watch_clear
	a ping -qc 3 -i 0.1 -W 2 $B >/dev/null
	check $? "$name: ping, mobx first"
	b ping -qc 3 -i 0.1 -W 2 $A >/dev/null
	check $? "$name: ping, XFRM first"
	"$echo" a b $B datagrams
	check $? "$name: datagrams of every small size, and fragments, to XFRM"
	"$echo" b a $A datagrams
	check $? "$name: datagrams of every small size, and fragments, from XFRM"
	"$echo" a b $B stream
	check $? "$name: a stream to XFRM and back"
	"$echo" b a $A stream
	check $? "$name: a stream from XFRM and back"
	! clear_seen
	check $? "$name: nothing in clear"
	[ "$(stat a in-integrity)$(stat a in-malformed)$(stat a in-padding)" = 000 ]
	check $? "$name: nothing of it was taken for damaged"
	! b grep -E 'XfrmIn(StateProtoError|StateModeError|HdrError)' \
		/proc/net/xfrm_stat | grep -qv '[^0-9]0$'
	check $? "$name: nor by XFRM"
}

# The same pair of hosts with XFRM at both ends, on other addresses, and then
# with the SPI that mobx has on its own.
beside() {
	local ns spi C=10.8.1.1 D=10.8.1.2

	world
	mobx_a gcm128 && ma policy add order 10 action protect remote $B
	xfrm_b gcm128
	ip -n a addr add $C/24 dev va
	ip -n b addr add $D/24 dev vb
	for spi in 0x3003 0x1001; do
		for ns in a b; do
			xfrm_sa $ns cbc-sha1 B $D $C $spi reqid 2
			xfrm_sa $ns cbc-sha1 A $C $D $spi reqid 2
		done
		xfrm_policy a out $C $D 2
		xfrm_policy a in $D $C 2
		xfrm_policy b out $D $C 2
		xfrm_policy b in $C $D 2
		a ping -qc 2 -i 0.1 -W 2 $D >/dev/null
		check $? "XFRM works beside mobx, SPI $spi"
		a ping -qc 2 -i 0.1 -W 2 $B >/dev/null
		check $? "and mobx beside XFRM"
		if [ $spi = 0x3003 ]; then
			[ "$(stat a in-unknown-spi)" = 2 ]
			check $? "unknown SPIs fell through and were counted"
		else
			[ "$(stat a in-foreign-local)" = 2 ]
			check $? "its own SPI to a foreign address fell through"
		fi
		ip -n a xfrm state deleteall reqid 2
		ip -n b xfrm state deleteall reqid 2
	done
	unprotect
}

for name in gcm128 gcm256 cbc-sha1 cbc-sha256 null-sha1; do
	exchange $name
done
beside
finish

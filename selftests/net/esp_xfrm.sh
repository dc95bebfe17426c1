#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ESP against the kernel's own XFRM, for each suite, both ways: small and large
# datagrams, every alignment, fragments, TCP; and what is not ours falls
# through to XFRM.
# rig: timeout=600 kernel=6.1
# covers: ES1 ES3 ES4 ES8 ES9 ES12 ES13 ES15 TN5 AR12

. "$(dirname "$0")/esp_lib"
modprobe esp4

# Nobody may see a clear packet on the wire: whatever is not ESP or ARP.
watch_clear() {
	ip netns exec b tcpdump -nUi vb -w "$tmp/clear.pcap" 'ip and not proto 50' \
		2>"$tmp/tcpdump.log" &
	watcher=$!
	wait_for 5 grep -q listening "$tmp/tcpdump.log"
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
	meet_xfrm $name world
done
beside
finish

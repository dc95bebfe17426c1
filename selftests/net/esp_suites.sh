#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every suite against the kernel's own XFRM, both ways, with sequence numbers of
# 32 bits, and with extended ones that cross a multiple of 2^32 on the way.
# rig: timeout=900
# covers: ES1 ES4 ES5 ES7 ES8 ES9 ES13 ES15 ES17 ES19 AR7 AR12

. "$(dirname "$0")/esp_lib"
echo=$top/selftests/net/esp_echo
modprobe -a esp4 authencesn 2>/dev/null
# Each cipher and hash; with LONG=1 in each combination and with each length of key.
suites="gcm128 gmac256 chacha cbc-sha1 cbc256-sha512 null-sha256 null-sha384"
[ -z "${MOBX_LONG:-}" ] ||
	suites="$suites gcm192 gcm256 gmac128 cbc192-sha1 cbc256-sha256 cbc-sha384
		null-sha1 null-sha512"
# 40 packets before the upper half becomes 1, and before it becomes 0x80000000.
near_1=4294967255 near_2=9223372036854775767

# One suite, 32 bits or extended numbers from a given one on, at both ends.
pair() {	# SUITE [SEQ]
	local sa="" xo="" xi="replay-window 64" hi lo

	if [ -n "${2:-}" ]; then
		hi=$(($2 >> 32)) lo=$(($2 & 0xffffffff))
		sa="esn seq $2"
		xo="replay-window 64 flag esn replay-oseq-hi $hi replay-oseq $lo"
		xi="replay-window 512 flag esn replay-seq-hi $hi replay-seq $lo"
	fi
	world
	ma -b - <<-END || return
		peer add 1 local $A remote $B
		sa add dir out spi 0x2002 peer 1 $(suite "$1" A) force $sa
		sa add dir in spi 0x1001 peer 1 $(suite "$1" B) force $sa
		policy add order 10 action protect remote $B
	END
	xfrm_sa b "$1" B $B $A 0x1001 reqid 1 $xo &&
	xfrm_sa b "$1" A $A $B 0x2002 reqid 1 $xi &&
	xfrm_policy b out $B $A 1 && xfrm_policy b in $A $B 1
}

sound() {	# NAME
	[ "$(stat a in-integrity)$(stat a in-malformed)$(stat a in-padding)$(stat a in-replayed)" = 0000 ]
	check $? "$1: nothing of it was taken for damaged or replayed"
	! b grep -E 'XfrmIn(StateProtoError|StateSeqError|StateModeError|HdrError)' \
		/proc/net/xfrm_stat | grep -qv '[^0-9]0$'
	check $? "$1: nor by XFRM"
}

# The number that an SA of a has come to.
came_to() {	# in|out SPI
	ma sa show dir "$1" spi "$2" | grep -o 'seq [0-9]*' | cut -d ' ' -f 2
}

for name in $suites; do
	pair "$name"
	check $? "$name: SAs and policies"
	"$echo" a b $B datagrams
	check $? "$name: datagrams of every small size, and fragments, there and back"
	sound "$name"
	pair "$name" $near_1
	check $? "$name: the same with extended sequence numbers"
	"$echo" b a $A datagrams
	check $? "$name: datagrams while the upper half changes"
	sound "$name esn"
	[ "$(came_to in 0x1001)" -gt $((1 << 32)) ] &&
		[ "$(came_to out 0x2002)" -gt $((1 << 32)) ]
	check $? "$name: 2^32 has been crossed, both ways"
done

for name in gcm128 cbc-sha1; do
	pair $name $near_2
	"$echo" a b $B stream && "$echo" b a $A stream
	check $? "$name: streams while the upper half becomes 0x80000000"
	sound "$name esn"
	# Half of all numbers are lost, and what comes then is believed.
	pair $name $near_1
	"$echo" a b $B datagrams
	ma sa delete dir out spi 0x2002 peer 1
	ma sa add dir out spi 0x2002 peer 1 $(suite $name A) force esn \
		seq $((near_1 + 0x80000000))
	"$echo" a b $B datagrams
	check $? "$name: on after a loss of 2^31 packets, mobx to XFRM"
	b ip xfrm state delete src $B dst $A proto esp spi 0x1001
	xfrm_sa b $name B $B $A 0x1001 reqid 1 replay-window 64 flag esn \
		replay-oseq-hi 1 replay-oseq 4294705151
	"$echo" b a $A datagrams
	check $? "$name: on after a loss of 2^32 - 2^18 packets, XFRM to mobx"
	sound "$name esn, losses"
done
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One own address in place of another for many peers at once, under traffic; and
# a tunnel that takes several paths at once.
# rig: timeout=600 alone
# covers: I1 I3 I5 I6 I7 TN9

. "$(dirname "$0")/esp_lib"
nltest=$top/build/net/nltest flows=$top/selftests/net/spread_flows
[ -x "$nltest" ] || skip "no build/net/nltest"
A2=10.8.0.3 B2=10.8.0.4
AI=10.1.0.1 BI=10.2.0.1 BI2=10.2.0.2

# Tunnels from a to two peers, both of them in b.
tunnel() {	# PEER B's ADDRESS B's INNER ADDRESS SPIS SUITE
	ma -b - <<-END &&
		peer add $1 local $A remote $2
		sa add dir in spi 0x1$4 peer $1 mode tunnel $(suite $5 B$1) force replay-window 4096
		sa add dir out spi 0x2$4 peer $1 mode tunnel $(suite $5 A$1) force
		policy add order $1 action protect peer $1 mode tunnel local $AI remote $3
	END
	mb -b - <<-END
		peer add $1 local $2 remote $A,$A2
		sa add dir out spi 0x1$4 peer $1 mode tunnel $(suite $5 B$1) force
		sa add dir in spi 0x2$4 peer $1 mode tunnel $(suite $5 A$1) force replay-window 4096
		policy add order $1 action protect peer $1 mode tunnel local $3 remote $AI
	END
}

inner() {
	world
	ip -n a addr add $A2/24 dev va
	ip -n b addr add $B2/24 dev vb
	ip -n a addr add $AI/32 dev lo
	ip -n b addr add $BI/32 dev lo
	ip -n b addr add $BI2/32 dev lo
	ip -n a route add 10.2.0.0/24 via $B src $AI
	ip -n b route add 10.1.0.0/24 via $A src $BI
	# What leaves a: of what arrives a tap shows the inner packets as well.
	ip netns exec a tcpdump -nUi va -Q out -w "$tmp/wire.pcap" ip \
		2>"$tmp/tcpdump.log" &
	watcher=$!
	wait_for 5 grep -q listening "$tmp/tcpdump.log"
}

# A counter of a path: NAMESPACE LOCAL-ADDRESS COUNTER
path_stat() {
	"$mobx" -n $1 -s peer show 1 |
		sed -n "s/.*path local $2 .* $3 \([0-9]*\).*/\1/p"
}

# SPI and number of all that went from a to b, in the order of the wire.
no_number_twice() {
	tcpdump -nr "$tmp/wire.pcap" 'proto 50 and dst net 10.8.0.0/24' 2>/dev/null |
		sed -n 's/.*spi=\(0x[0-9a-f]*\),seq=\(0x[0-9a-f]*\)).*/\1 \2/p' >"$tmp/seq"
	[ -s "$tmp/seq" ] && [ -z "$(sort "$tmp/seq" | uniq -d)" ]
}

# --- many peers
inner
tunnel 1 $B $BI 001 gcm128 && tunnel 2 $B2 $BI2 002 gcm128 &&
	a "$nltest" peers 500 $A
check $? "two tunnels, and 500 other peers"
ma peer add 3 path local $A remote 10.9.0.9 primary path local $A2 remote 10.9.0.9 &&
	ma peer add 4 local $A2 remote 10.9.0.9
check $? "a peer with both addresses, one with the new one only"
ma -o peer show 3 >"$tmp/three"
a ping -qc 2 -i 0.1 -W 2 $BI >/dev/null && a ping -qc 2 -i 0.1 -W 2 $BI2 >/dev/null
check $? "traffic through both tunnels"
# For longer than three moves take, on a busy host too.
for i in $BI $BI2; do
	a ping -q -c 1500 -i 0.02 -W 3 $i >"$tmp/ping.$i" &
	pings="$pings $!"
done
"$mobx" -n a monitor peer >"$tmp/events" 2>&1 &
monitor=$!
sleep 0.3
result=0
from=$A to=$A2
for i in 1 2 3 4 5 6; do
	ma -j peer replace local $from by $to accept-until 60000 \
		>"$tmp/replace.$i" 2>"$tmp/replace.err"
	[ $? = 2 ] || result=1
	for n in 1 2; do
		mb peer set $n path local $([ $n = 1 ] && echo $B || echo $B2) \
			remote $to primary path local $([ $n = 1 ] && echo $B || echo $B2) remote $from
	done
	set -- $to $from
	from=$1 to=$2
	[ $i != 3 ] || { kill -0 $pings && under_way=yes; }
done
[ $result = 0 ] && grep -q '"moved": *502' "$tmp/replace.1" &&
	grep -q '"unchanged": *1[,}]' "$tmp/replace.1" &&
	grep -q '"failed": *1[,}]' "$tmp/replace.1" &&
	grep -q '"failed_peers": *\[3\]' "$tmp/replace.1"
check $? "moved 502, unchanged 1, failed 1: $(cat "$tmp/replace.1")"
grep -q '1 of .* peers could not be moved .*; 3: .*already' "$tmp/replace.err"
check $? "and why: $(cat "$tmp/replace.err")"
grep -q '"moved": *503' "$tmp/replace.2" && grep -q '"moved": *503' "$tmp/replace.6"
check $? "back and forth, with the one that was there before"
[ "$(ma -o peer show 3)" = "$(cat "$tmp/three")" ]
check $? "who could not be moved is as before"
[ "$under_way" = yes ]
check $? "there was traffic all the time"
wait $pings
for i in $BI $BI2; do
	grep -q ' 1500 received' "$tmp/ping.$i" && ! grep -q duplicates "$tmp/ping.$i"
	check $? "traffic to $i: none lost, none twice: $(grep received "$tmp/ping.$i")"
done
ma peer show 1 | grep -q 'generation 7'
check $? "six moves, six generations"
wait_for 5 grep -q "local-replaced .*replaced $A2 .*moved 503" "$tmp/events"
check $? "an event says that they have moved"
[ "$(grep -c . "$tmp/events")" -lt 40 ]
check $? "and not one a peer: $(grep -c . "$tmp/events") events"
kill $monitor
ma peer replace local $A by $A2 label nobody >"$tmp/out" && grep -q 'moved 0' "$tmp/out"
check $? "by label: nobody"
! ma peer replace local $A by fd00::1 2>"$tmp/err" && grep -q family "$tmp/err"
check $? "to another family: refused"

# --- at the same time others change what there is
ma peer delete 3
timeout 100 ip netns exec a "$nltest" contend 30 $A $A2 2>"$tmp/contend"
check $? "no rebind is lost or takes back a move, peers come and go"
sed 's/^# */# /' "$tmp/contend"
echo "# $(a "$nltest" swap 6 $A $A2 2>&1) (microseconds, peers that move)"
! clear_captured
check $? "nothing in clear"
no_number_twice
check $? "no number twice among $(wc -l <"$tmp/seq")"

# --- the MTU of the old path is not that of the new one
ma policy flush
ma peer flush
ma peer add 1 path local $A remote $B mtu 1300 primary
ma peer replace local $A by $A2 >/dev/null
! ma peer show 1 | grep -q "mtu\|$A " && ma peer show 1 | grep -q "local $A2 remote $B state valid primary"
check $? "a new path begins with an MTU of its own"

# --- spread: the payload is not encrypted, so that the wire shows flows
inner
tunnel 1 $B $BI 001 null-sha1
ma peer set 1 spread path local $A remote $B primary path local $A2 remote $B
check $? "a peer that spreads"
ma -o peer show 1 | grep -q ' spread ' && ma -j peer show 1 | grep -q '"spread": *true'
check $? "is shown as such"
a ping -qc 2 -i 0.1 -W 2 $BI >/dev/null
check $? "traffic"
b "$flows" receive $BI 32 120 >"$tmp/received" &
receiver=$!
wait_for 5 sh -c "ip netns exec b ss -uln | grep -q $BI"
a "$flows" send $AI $BI 32 120 &
sender=$!
sent() { [ "$(stat a out-protected)" -ge "$1" ]; }
wait_for 20 sent 1500
ma peer set 1 path local $A remote $B primary path local $A2 remote $B state removed
check $? "one path goes"
wait $sender
wait $receiver
check $? "nothing lost, nothing twice: $(cat "$tmp/received")"
[ "$(path_stat a $A tx-packets)" -gt 0 ] && [ "$(path_stat a $A2 tx-packets)" -gt 0 ]
check $? "both were used"
! clear_captured
check $? "nothing in clear"
"$flows" look "$tmp/wire.pcap" $A $A2 >"$tmp/look"
check $? "each flow had one path, until that went: $(cat "$tmp/look")"
no_number_twice
check $? "no number twice among $(wc -l <"$tmp/seq")"

# --- which paths take part
used() {	# A|A2 only
	local one two

	one=$(path_stat a $A tx-packets) two=$(path_stat a $A2 tx-packets)
	a bash -c 'for i in {1..24}; do
		echo x >/dev/udp/$0/$((6000 + i))
	done 2>/dev/null' $BI
	one=$(($(path_stat a $A tx-packets) - one))
	two=$(($(path_stat a $A2 tx-packets) - two))
	echo "# $one by the first, $two by the second"
	case $1 in
	both) [ $one -gt 0 ] && [ $two -gt 0 ] ;;
	first) [ $one -gt 0 ] && [ $two = 0 ] ;;
	second) [ $one = 0 ] && [ $two -gt 0 ] ;;
	esac
}

shape() {	# WHO-IS-USED WHAT, of the first path, of the second
	ma peer set 1 path local $A remote $B $3 path local $A2 remote $B $4 &&
		used $1
	check $? "spread: $2"
}

shape both "over both" "primary" ""
shape first "not over a backup" "primary" "backup"
shape second "the primary one a backup" "primary backup" ""
shape both "both backups" "primary backup" "backup"
shape second "the better preference" "primary preference 2" "preference 1"
shape first "a backup of better preference" "primary preference 2" "backup preference 1"
shape first "not over a tentative one" "primary" "state tentative credit 100000"
shape first "none valid: the primary one" "primary state tentative credit 100000" \
	"state tentative credit 100000"
ma peer set 1 no-spread local $A,$A2 remote $B && used first
check $? "no more: all by the primary path"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A peer moves under traffic: what must not be lost is not, nothing is in
# clear, numbers go on, and each state of a path does what it says.
# rig: timeout=600 alone kernel=6.1
# covers: I1 I2 I3 I5 I6 I7 I8 ES4 MX9

. "$(dirname "$0")/esp_lib"
nltest=$top/build/net/nltest
[ -x "$nltest" ] || skip "no build/net/nltest"
A2=10.8.0.3 A3=10.8.0.5

world
ip -n a addr add $A2/24 dev va
ip -n a addr add $A3/24 dev va
ip netns exec b tcpdump -Unli vb -w "$tmp/wire.pcap" ip 2>"$tmp/tcpdump.log" &
watcher=$!
wait_for 5 grep -q listening "$tmp/tcpdump.log"

both() { ma "$@" && mb "$@"; }

# Whether a counter has reached a number: NAMESPACE COUNTER NUMBER
reached() {
	[ "$(stat "$1" "$2")" -ge "$3" ]
}

ma peer add 1 label bob local $A,$A2 remote $B &&
	mb peer add 1 label alice local $B remote $A,$A2 &&
	ma sa add dir out spi 0x2002 peer 1 $(suite gcm128 A) force &&
	ma sa add dir in spi 0x1001 peer 1 $(suite gcm128 B) force &&
	mb sa add dir out spi 0x1001 peer 1 $(suite gcm128 B) force &&
	mb sa add dir in spi 0x2002 peer 1 $(suite gcm128 A) force &&
	both policy add order 10 action protect peer '*' proto icmp
check $? "peers, SAs, policies"

# --- rebinds while packets flow that belong to both bindings
a ping -qc 3 -i 0.1 $B >/dev/null
for from in $A $A2; do
	a ping -q -I $from -c 400 -i 0.005 -W 3 $B >"$tmp/ping.$from" &
	pings="$pings $!"
done
a "$nltest" hammer 4000 $A $A2 $B >"$tmp/hammer"
check $? "4000 rebinds under traffic"
wait $pings
for from in $A $A2; do
	grep -q ' 400 received' "$tmp/ping.$from" &&
		! grep -q duplicates "$tmp/ping.$from"
	check $? "from $from: none lost, none twice"
done
[ "$(stat a rebinds)" -ge 4000 ]
check $? "counted"
! ma peer show | grep -q 'generation 1$'
check $? "the generation moved on"

# --- SAs are replaced under traffic: the new one in, then out, then the old go
rekey() {	# OLD NEW, the last digits of SPIs
	mb sa add dir in spi 0x33$2 peer 1 $(suite gcm256 A) force &&
		ma sa add dir out spi 0x33$2 peer 1 $(suite gcm256 A) force || return
	# Acknowledged or not, what is on its way still finds the old one.
	sleep 0.1
	ma sa del dir out spi 0x33$1 peer 1 && mb sa del dir in spi 0x33$1
}
mb sa add dir in spi 0x3300 peer 1 $(suite gcm256 A) force &&
	ma sa add dir out spi 0x3300 peer 1 $(suite gcm256 A) force
a ping -q -c 600 -i 0.01 -W 3 $B >"$tmp/ping" &
for i in $(seq 10 29); do
	rekey $([ "$i" = 10 ] && echo 00 || echo $((i - 1))) "$i" || break
done
wait $!
[ "$i" = 29 ] && grep -q ' 600 received' "$tmp/ping" && ! grep -q duplicates "$tmp/ping"
check $? "20 times another SA: none lost, none twice"
ma sa del dir out spi 0x3329 peer 1 && mb sa del dir in spi 0x3329

# --- what a rebind costs does not depend on the number of SAs
a "$nltest" hammer 500 $A $A2 $B >"$tmp/few" &&
	a "$nltest" sas 1000 &&
	a "$nltest" hammer 500 $A $A2 $B >"$tmp/many"
check $? "500 rebinds with 1 SA, and with 1001"
echo "# median of a rebind, microseconds: $(cat "$tmp/few") with 1 SA," \
	"$(cat "$tmp/many") with 1001, $(cat "$tmp/hammer") under traffic"
[ "$(cat "$tmp/many")" -lt $((3 * $(cat "$tmp/few") + 100)) ]
check $? "they cost the same"
ma sa show | sed -n 's/.* spi \(0x001[0-9a-f]*\) .*/sa del dir out spi \1 peer 1/p' |
	ma -b - >/dev/null
[ "$(ma sa show | wc -l)" = 2 ]
check $? "the others are gone again"

# --- a source that is not in the binding waits, and goes when it is
before=$(stat a out-hold-dropped)
mb peer set 1 local $B remote $A,$A2,$A3
a ping -q -I $A3 -c 1 -W 5 $B >"$tmp/ping" &
wait_for 10 reached a out-held 1
check $? "an address outside the binding: held"
ma peer set 1 local $A,$A2,$A3 remote $B
wait $!
check $? "and sent when a rebind admits it"
[ "$(stat a out-hold-dropped)" = "$before" ]
check $? "none was dropped"

# --- the other side does not know the source yet
mb peer set 1 local $B remote $A,$A2
"$mobx" -n b monitor path >"$tmp/events" 2>&1 &
monitor=$!
sleep 0.5
before=$(stat b in-unknown-source)
! a ping -q -I $A3 -c 2 -i 0.3 -W 1 $B >/dev/null
check $? "a source unknown to the peer: not answered"
sleep 0.3
[ "$(stat b in-kept)" -ge 2 ] && [ "$(stat b in-unknown-source)" -ge $((before + 2)) ]
check $? "its packets are kept a moment, then dropped"
grep -q $A3 "$tmp/events"
check $? "a hint tells where from"
kill $monitor
[ "$(mb peer show 1 | grep -c $A3)" = 0 ]
check $? "and moves nobody"
kept=$(stat b in-kept) unknown=$(stat b in-unknown-source)
# For long enough that it is under way when the rebind comes, on a busy host too.
a ping -q -I $A3 -c 400 -i 0.02 -W 2 $B >"$tmp/ping" &
pinger=$!
wait_for 10 reached b in-kept $((kept + 3))
mb peer set 1 local $B remote $A,$A2,$A3
wait $pinger
kept=$(($(stat b in-kept) - kept)) unknown=$(($(stat b in-unknown-source) - unknown))
echo "# $(grep received "$tmp/ping"); kept $kept, dropped of them $unknown"
got=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$tmp/ping")
[ "$got" -gt 0 ] && [ "$kept" -gt "$unknown" ] && [ $((got + unknown)) = 400 ]
check $? "what was kept is delivered when a rebind admits it, each once"

# --- deprecated: taken from for a time, not sent to
mb peer set 1 path local $B remote $A primary \
	path local $B remote $A3 state deprecated accept-until 10000
check $? "a path is deprecated"
before=$(stat b in-protected) held=$(stat b out-held)
a ping -q -I $A3 -c 2 -i 0.2 -W 1 $B >/dev/null
wait_for 5 reached b in-protected $((before + 2))
check $? "deprecated: taken from"
[ "$(stat b out-held)" -gt "$held" ]
check $? "deprecated: not sent to"
before=$(stat b in-removed-path)
wait_for 20 sh -c "$mobx -n b peer show 1 | grep -q 'accept-until 0'"
a ping -q -I $A3 -c 1 -W 1 $B >/dev/null
[ "$(stat b in-removed-path)" = $((before + 1)) ]
check $? "deprecated: after its time not taken from either"

# --- removed
mb peer set 1 path local $B remote $A primary path local $B remote $A2 state removed
before=$(stat b in-removed-path) protected=$(stat b in-protected)
a ping -q -I $A2 -c 2 -i 0.2 -W 1 $B >/dev/null
[ "$(stat b in-removed-path)" = $((before + 2)) ] &&
	[ "$(stat b in-protected)" = "$protected" ]
check $? "removed: dropped and counted"

# --- tentative: its credit, and no more
mb peer set 1 local $B remote $A,$A2
ma peer set 1 path local $A remote $B primary \
	path local $A2 remote $B state tentative credit 400
# Without answers: what comes from there is credit, too.
b sysctl -qw net.ipv4.icmp_echo_ignore_all=1
before=$(stat b in-protected)
a ping -q -I $A2 -c 5 -i 0.1 -W 1 $B >/dev/null
[ "$(stat b in-protected)" -gt "$before" ] &&
	[ "$(stat b in-protected)" -lt $((before + 5)) ]
check $? "tentative: sent to within its credit"
# What 'mobx peer show' has of the second path: WORD
of_path2() {
	ma -s peer show 1 | sed -n "s/.*$A2 .* $1 \([0-9]*\).*/\1/p"
}
used=$(of_path2 credit-used)
[ "$used" -gt 0 ] && [ "$used" -le 400 ]
check $? "tentative: $used of 400 octets used"
wait_for 5 reached a out-no-credit 1
check $? "tentative: the rest is dropped in the end"
b sysctl -qw net.ipv4.icmp_echo_ignore_all=0
ma peer set 1 path local $A remote $B primary \
	path local $A2 remote $B state tentative credit 100
a ping -q -I $A2 -c 1 -W 1 $B >/dev/null
[ $? != 0 ]
check $? "tentative: credit is not begun anew"
came=$(of_path2 rx-bytes)
b ping -q -c 3 -i 0.1 -W 1 $A2 >/dev/null
check $? "tentative: what has come from there may be answered"
came=$(($(of_path2 rx-bytes) - came))
[ "$came" -gt 0 ] && [ "$(of_path2 credit)" = $((400 + 3 * came)) ]
check $? "tentative: and three times as much is its credit"
ma peer set 1 path local $A remote $B primary path local $A2 remote $B
a ping -q -I $A2 -c 1 -W 1 $B >/dev/null
check $? "valid: as much as there is"

# --- a super-packet costs what its segments have on the wire, or none of it goes
burst() {	# OCTETS
	a python3 - $A2 $B "$1" <<-'END'
	import socket, sys
	sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	sock.setsockopt(socket.IPPROTO_UDP, 103, 1300)	# UDP_SEGMENT
	sock.bind((sys.argv[1], 0))
	sock.sendto(bytes(int(sys.argv[3])), (sys.argv[2], 4242))
	END
}

both policy add order 11 action protect peer '*' proto udp
ma peer set 1 path local $A remote $B primary \
	path local $A2 remote $B state tentative credit 30000
# Someone has to take them, or the errors that come back are credit.
ip netns exec b python3 - <<-'END' &
	import socket, time
	sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	sink.bind(("", 4242))
	time.sleep(60)
END
sink=$!
taken() { b ss -Hlun sport = :4242 | grep -q 4242; }
wait_for 5 taken
ip netns exec b tcpdump -nUi vb -w "$tmp/burst.pcap" src $A2 2>"$tmp/burst.log" &
bursts=$!
wait_for 5 grep -q listening "$tmp/burst.log"
before=$(stat a out-no-credit)
burst 58500
burst 13000
burst 13000
burst 13000
wait_for 8 reached a out-no-credit $((before + 2))
check $? "tentative: super-packets beyond the credit are dropped in the end"
sleep 0.3
kill $bursts $sink
wait $bursts $sink 2>/dev/null
octets=$(tcpdump -nvr "$tmp/burst.pcap" 2>/dev/null |
	sed -n 's/.*proto ESP (50), length \([0-9]*\)).*/\1/p' |
	awk '{ sum += $1 } END { print sum + 0 }')
[ "$octets" -gt 26000 ] && [ "$octets" -le 30000 ]
check $? "tentative: $octets of 30000 octets left, in segments"
both policy delete order 11
ma peer set 1 path local $A remote $B primary path local $A2 remote $B

# --- a source that the host does not own
held=$(stat a out-held)
a python3 - 10.8.0.77 $B <<-'END'
	import socket, struct, sys
	raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
	head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 1, 0, 64, 1, 0,
	                   *map(socket.inet_aton, sys.argv[1:3]))
	raw.sendto(head + b"\x08\0\xf7\xff\0\0\0\0", (sys.argv[2], 0))
END
[ "$(stat a out-no-source)" = 1 ] && [ "$(stat a out-held)" = "$held" ]
check $? "a source that is nobody's: not held"

# --- the agent dead, the binding whole; what nobody can protect does not leave
ma sa flush
a ping -q -c 2 -i 0.2 -W 1 $B >/dev/null
[ "$(stat a out-held)" -gt "$held" ]
check $? "without an SA: held"
a ping -q -c 1 -W 1 $B >/dev/null
dropped=$(stat a out-hold-dropped)
ma policy flush && ma peer set 1 local $A,$A2 remote $B
reached a out-hold-dropped $((dropped + 1))
check $? "when its policy goes: what is held is dropped"

sleep 0.5
kill $watcher
wait $watcher
tcpdump -nr "$tmp/wire.pcap" 'not proto 50' 2>/dev/null >"$tmp/clear"
sed 's/^/# clear: /' "$tmp/clear" | head -n 5
[ ! -s "$tmp/clear" ]
check $? "nothing in clear, all the time"

# SPI and number of each packet of one direction, in the order of the wire.
tcpdump -nr "$tmp/wire.pcap" 'proto 50 and dst host '$B 2>/dev/null |
	sed -n 's/.*spi=0x00002002,seq=\(0x[0-9a-f]*\)).*/\1/p' >"$tmp/seq"
[ -s "$tmp/seq" ] && [ -z "$(sort "$tmp/seq" | uniq -d)" ]
check $? "no number twice among $(wc -l <"$tmp/seq")"
last=$(printf '%d\n' $(cat "$tmp/seq") | sort -n | tail -n 1)
[ "$last" = "$(wc -l <"$tmp/seq")" ]
check $? "and none left out"

# --- namespaces end with packets on their way and others held
for i in 1 2 3; do
	world
	mobx_a gcm128 && mobx_b gcm128 && both policy add order 10 action protect \
		peer '*' proto icmp
	a ping -qf -w 3 $B >/dev/null 2>&1 &
	sleep 0.7
	mb sa flush
	[ $i = 1 ] || ma sa flush
	ip netns del a
	ip netns del b
	wait $!
done
wait_for 20 rmmod mobx
check $? "namespaces end under traffic, and the module goes"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A peer with the right keys that moves, and wants to move to where it is not: to a
# victim that never asked for anything, to an honest peer's address, back to where
# it was by old requests. The victim gets no more than the credit, the honest peer
# does not notice.
# rig: timeout=300
# covers: MX8 MX9 MB8 MB15 E2 E4 I2

. "$(dirname "$0")/hostile_lib"

OWN=10.7.4.2 SECOND=10.7.4.3 VICTIM=10.7.5.2 S=10.7.3.2

platform
for ns in x v; do
	ip netns add $ns
	ip -n $ns link set lo up
done
trap 'ip netns del x 2>/dev/null; ip netns del v 2>/dev/null; cleanup' EXIT
link x evil 4
link v prey 5
ip -n x addr add $SECOND/24 dev evil
ip -n x route add default via 10.7.4.1
configure
# What is for the honest peer may be for the others, too, if they ask for it.
sed -i 's/protect { order = 200/protect { order = 201 proto = "icmp" }\n&/' \
	"$tmp/s.conf"

start s
start m
wait_for 60 both_up
result=$?
check $result "the honest peer is up"
[ $result = 0 ] || finish
ike=$(ike_of)
ip netns exec m ping -q -i 0.05 $S >"$tmp/ping" &
background+=($!)
ping=$!

for what in victim clear; do
	case $what in
	victim) filter="src $S and dst net 10.7.5.0/24" ;;
	clear) filter="icmp[0] = 8 or icmp[0] = 0 or (udp and port 7)" ;;
	esac
	ip netns exec r tcpdump -i wire -nn -l -p "$filter" >"$tmp/$what" \
		2>"$tmp/tcpdump.$what" &
	background+=($!)
	wait_for 30 grep -q listening "$tmp/tcpdump.$what"
done

# What the server has to say to the hostile peer, and where that says it is: it is
# for what is above to choose. Without end.
ip netns exec s python3 - $S $OWN $VICTIM 10.7.5.9 <<-'END' &
	import socket, sys, time
	sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	sock.bind((sys.argv[1], 7))
	while True:
	    for address in sys.argv[2:]:
	        try:
	            sock.sendto(bytes(100), (address, 9))
	        except OSError:
	            pass
	    time.sleep(0.02)
END
background+=($!)

first=$tests
while read -r result name; do
	check "$result" "$name"
done < <(MOBX_CONTROL=$tmp/s/control \
	MOBX_SERVER="ip netns exec s $top/build/mobx" \
	in_ns x python3 "$top/selftests/net/hostile_moves.py" \
	$OWN $SECOND $S $VICTIM 10.7.1.2 "$tmp/victim" 2>"$tmp/peer.log")
# As many as hostile_moves.py has; a part that ends early says so in one line.
[ $((tests - first)) = 18 ] && [ ! -s "$tmp/peer.log" ]
check $? "every case has been tried"

[ "$(grep -c 'another peer uses this address' "$tmp/s.log")" = 2 ]
check $? "the server says why it refused: the address is another peer's"
[ -n "$ike" ] && [ "$(ike_of)" = "$ike" ] && both_up
check $? "the honest peer has the IKE SA that it had"
kill -INT "$ping"
wait "$ping"
grep -q " 0% packet loss" "$tmp/ping"
check $? "and has lost no packet"
nothing_clear
check $? "nothing in clear"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The agent is killed, all of it, while ESP goes in UDP: its sockets, which the
# service manager keeps, go on taking it, and the next run has the same ones.
# rig: timeout=600
# covers: MX14 I2

. "$(dirname "$0")/agent_lib"

S=10.7.3.2

command -v nft >/dev/null || skip "no nft"

platform
r nft -f - <<-END
	table ip nat {
		chain post {
			type nat hook postrouting priority 100
			oifname wire ip protocol udp masquerade to :40000-40999
			oifname wire masquerade
		}
	}
END
check $? "the router is a NAT"
# Nobody is to be given up while one of the agents is away.
for ns in m s; do
	[ $ns = m ] && mobile_conf "$tmp/m.conf" || server_conf "$tmp/s.conf"
	sed -i 's/dpd-delay = 1/dpd-delay = 60/
		s/retransmit-tries = 4/retransmit-tries = 10/' "$tmp/$ns.conf"
done
watch_clear

mkdir "$tmp/manager"
ip netns exec s "$top/selftests/net/keep_sockets" "$tmp/manager" \
	"$top/build/mobxd" -d -c "$tmp/s.conf" 2>>"$tmp/s.log" &
background+=($!)
wait_for 20 test -s "$tmp/manager/pid"
start m
wait_for 60 both_up
up=$?
check $up "start: both ends come up"
[ $up = 0 ] || finish
mobx s peer show | grep -q 'encap-dport 40'
check $? "start: ESP goes in UDP"
[ "$(grep -c 'FDSTORE=1 FDPOLL=0 FDNAME=udp[46]-4\?500' "$tmp/manager/log")" -ge 2 ]
check $? "start: the sockets go to the service manager"
grep -q 'FDSTOREREMOVE=1 FDNAME=stranger' "$tmp/manager/log" &&
	grep -q 'stranger.*is no IKE socket' "$tmp/s.log"
check $? "start: what is none of them does not"
m ping -q -c 3 -i 0.2 -W 5 "$S" >/dev/null
check $? "start: ping"

sockets() {
	s ss -Huane 'sport = :500 or sport = :4500' 2>/dev/null |
		grep -o 'ino:[0-9]* sk:[^ ]*' | sort
}
before=$(sockets)
pid_s=$(cat "$tmp/manager/pid")

# Pings under way all the time, while it is there, dead, and there again.
ip netns exec m ping -n -q -i 0.02 -W 8 -c 400 "$S" >"$tmp/ping" 2>&1 &
flow=$!
background+=($flow)
sleep 1
others=$(children_of "$pid_s")
# shellcheck disable=SC2086 # several numbers
kill -9 "$pid_s" $others
wait_for 10 grep -qx ended "$tmp/manager/log" &&
	wait_for 10 gone "$(echo $others | cut -d' ' -f1)"
check $? "killed: nothing of it is left"
m ping -q -c 20 -i 0.05 -W 2 "$S" >"$tmp/dead" &&
	grep -q ' 0% packet loss' "$tmp/dead"
check $? "killed: ping, both ways in UDP"
[ -n "$before" ] && [ "$(sockets)" = "$before" ]
check $? "killed: the sockets are there"

: >"$tmp/manager/go"
taken() { grep -q 'sockets of the run before' "$tmp/s.log"; }
wait_for 30 taken
check $? "next run: it takes the sockets back"
[ "$(sockets)" = "$before" ]
check $? "next run: they are the same ones"
[ "$(grep -c FDSTORE=1 "$tmp/manager/log")" = "$(wc -l <<<"$before")" ]
check $? "next run: they are not stored once more"
wait "$flow"
sed 's/^/# /' "$tmp/ping" | grep transmitted
grep -q ' 0% packet loss' "$tmp/ping"
check $? "all the time: no packet is lost"
mobx m conn down server timeout 20 >/dev/null
mobx m conn up server timeout 60 && wait_for 30 both_up
check $? "next run: IKE works by them"
m ping -q -c 3 -i 0.2 -W 5 "$S" >/dev/null
check $? "next run: ping"
nothing_clear
check $? "nothing in clear"
finish

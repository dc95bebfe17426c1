#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the kernel tells mobxd of links, addresses and routes: a lease that is
# renewed is no news, a route may be away for a second, and when there was more
# than its socket holds the agent finds out how things are.
# rig: timeout=300
# covers: MB10 I2

. "$(dirname "$0")/agent_lib"

S=10.7.3.2 R=10.7.1.2 W=10.7.2.2

platform
modprobe dummy
mobile_conf "$tmp/m.conf" 'paths { prefer = { "radio", "wlan" } }'
server_conf "$tmp/s.conf"
# Patience: the agent is stopped for as long as a flood takes.
sed -i "/dpd-delay\\|retransmit-tries/d" "$tmp/m.conf" "$tmp/s.conf"

conn() { mobx m -j conn list | jq -r ".[0]$1"; }
spi() { conn .ike.spi_i; }
at() { [ "$(conn '.paths[] | select(.primary) | .local')" = "$1" ]; }
paths_are() {	# ADDRESS...
	[ "$(conn '.paths[] | select(.state == "valid") | .local' | sort |
		tr '\n' ' ')" = "$* " ]
}

# The addresses that the agent believes to be of use.
usable_are() {	# ADDRESS...
	[ "$(ask m '{"cmd":"status"}' | jq -r '.data.addresses[].local' |
		sort | tr '\n' ' ')" = "$* " ]
}

generation() { mobx m -j peer show | jq -r '.[0].generation'; }
log_lines() { wc -l <"$tmp/m.log"; }

# Pings in the background; then how many of them were not answered.
stream() {
	ip netns exec m ping -n -i 0.05 -W 8 -I $R $S >"$tmp/ping" 2>&1 &
	pinger=$!
	background+=($pinger)
}

lost() {
	kill -INT "$pinger"
	wait "$pinger"
	awk '/transmitted/ { print $1 - $4 }' "$tmp/ping"
}

start s
start m
wait_for 40 both_up && wait_for 20 at $R && wait_for 20 paths_are $R $W
check $? "both links are paths"
watch_clear
ike=$(spi)

# ------------------------------------------------- a lease that is renewed

ip -n m addr change $R/24 dev radio valid_lft 600 preferred_lft 600
sleep 1
before=$(generation) lines=$(log_lines)
stream
for lft in 500 3600 7200; do
	ip -n m addr change $R/24 dev radio valid_lft $lft preferred_lft $lft
	ip -n m addr change $W/24 dev wlan valid_lft $lft preferred_lft $lft
	sleep 0.7
done
[ "$(lost)" = 0 ]
check $? "renewed: no packet is lost"
[ "$(generation)" = "$before" ] && [ "$(log_lines)" = "$lines" ]
check $? "renewed: the binding is untouched, there is nothing to tell"
at $R && paths_are $R $W && [ "$(spi)" = "$ike" ]
check $? "renewed: paths and IKE SA are those that were"

# --------------------------------------------- a route, away for a second

stream
sleep 0.5
ip -n m route del default via 10.7.1.1 dev radio metric 100
ip -n m route del default via 10.7.1.1 table 1
sleep 1
ip -n m route add default via 10.7.1.1 dev radio metric 100
ip -n m route add default via 10.7.1.1 table 1
wait_for 20 paths_are $R $W && wait_for 20 at $R
check $? "no route: the path is back with it"
sleep 1
gaps=$(lost)
[ "$gaps" -le 30 ] && [ "$(spi)" = "$ike" ]
check $? "no route: traffic goes on, by the same IKE SA (lost: $gaps)"
m ping -q -c 3 -i 0.2 -W 5 -I $R $S >/dev/null &&
	m ping -q -c 3 -i 0.2 -W 5 -I $W $S >/dev/null
check $? "no route: ping by either link"

# ------------------------------------------- more than the socket can hold

# What rtnetlink could not deliver to any socket here.
drops() { m awk 'NR > 1 && $2 == 0 { n += $9 } END { print n }' /proc/net/netlink; }

# Events until the agent, which does not read, has lost some; then the truth.
overrun() {	# COMMAND THAT IT DOES NOT HEAR OF...
	local i before
	before=$(drops)

	kill -STOP "$(worker_of "$pid_m")"
	# Waits to be read, and is not true any more then: there is a carrier.
	ip -n m link set radio mtu 1400
	for ((i = 0; i < 8000; i++)); do
		echo "addr add 10.99.$((i / 250)).$((i % 250))/32 dev flood"
	done >"$tmp/batch"
	ip -n m -batch "$tmp/batch"
	ip -n m link del flood
	"$@"
	[ "$(drops)" -gt "$before" ]
	i=$?
	kill -CONT "$(worker_of "$pid_m")"
	return $i
}

ip -n m link add flood type dummy
ip -n m link set flood up
lines=$(log_lines)
overrun ip -n r link set radio down
check $? "overrun: the kernel has lost events"
told() { tail -n "+$((lines + 1))" "$tmp/m.log" | grep -q 'lost events'; }
wait_for 10 told
check $? "overrun: the agent knows"
wait_for 10 usable_are $W && sleep 1 && usable_are $W
check $? "overrun: it knows which link has no carrier any more"
wait_for 20 at $W && m ping -q -c 3 -i 0.2 -W 5 -I $W $S >/dev/null
check $? "overrun: the connection lives on the other one"
[ "$(spi)" = "$ike" ]
check $? "overrun: it is the same IKE SA"
ip -n r link set radio up
wait_for 30 at $R && paths_are $R $W
check $? "overrun: what comes later is heard of"
nothing_clear
check $? "nothing in clear"
finish

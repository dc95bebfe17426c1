#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# IKE over IPv6: mobxd with mobxd, which moves between links and between the
# addresses of one; then mobxd with strongSwan in transport mode, and in tunnel
# mode with a move. Whatever happens, nothing that is protected is in clear.
# rig: timeout=1200
# covers: I2 I4 MX1 AR9

. "$(dirname "$0")/agent6_lib"

mobile6() {	# MORE
	mobile_conf "$tmp/m.conf" "$1"
	sed -i "s/10.7.3.2/$S/; s/proto = \"icmp\" remote.*/remote = \"$S\" }/" \
		"$tmp/m.conf"
}

server6() {
	server_conf "$tmp/s.conf"
	sed -i "s/proto = \"icmp\" local.*/local = \"$S\" }/" "$tmp/s.conf"
	# These hosts have IPv4 as well; agent_dual.sh is about both.
	sed -i '/connection/a paths { local-allow = { "fd00::/8" } }' "$tmp/s.conf"
}

platform6
check $? "every network is reached over IPv6"

# ----------------------------------------------------------- configuration

mobile6
refused() {	# OPTION VALUE WORD
	local out

	sed "/connection/a $1 = { \"$2\" }" "$tmp/m.conf" >"$tmp/bad.conf"
	out=$(m "$top/build/mobxd" -n -c "$tmp/bad.conf" 2>&1)
	[ $? = 1 ] && [[ $out == *"bad.conf:3: "*"$2"*"$3"* ]] ||
		{ echo "# $out"; false; }
}
refused local fe80::1 link-local && refused local ff02::1 multicast &&
	refused local ::ffff:10.7.1.2 IPv4
check $? "config: addresses that are none of a host alone are refused"

# ------------------------------------------------------------ mobxd to mobxd

server6
mobile6 'paths { prefer = { "radio", "wlan" } }'
sed -i 's/dpd-delay = 1/dpd-delay = 10/' "$tmp/m.conf"
listens6() {	# NAMESPACE
	"$1" ss -Huln | grep -q '\[::\]:4500' &&
		"$1" ss -Huln | grep -q '\[::\]:500'
}

start s
wait_for 20 listens6 s
check $? "mobxd: listens on both ports, over IPv6"
start m
wait_for 20 both_up
check $? "mobxd: both ends are up"
watch6
# A first message that is lost has the other link try.
by_radio() {
	[ "$(conn .local)" = "[$R]:4500" ] && [ "$(conn .remote)" = "[$S]:4500" ]
}
wait_for 20 by_radio
check $? "mobxd: over IPv6, port 4500"
wait_for 20 paths_are $R $W
check $? "mobxd: both links are paths"
as_esp $R pings6 $R
check $? "mobxd: ping by radio, as ESP"
as_esp $W pings6 $W
check $? "mobxd: ping by wlan, as ESP"
for kind in datagrams stream; do
	"$top/selftests/net/esp_echo" m s "$S" $kind
	check $? "mobxd: $kind, every octet right"
done

ip netns exec m ping -n -i 0.05 -W 8 -c 60 -I $W $S >"$tmp/ping" 2>&1 &
stream_pid=$!
background+=($stream_pid)
before=$(conn '.children[0].spi_in')
mobx m conn rekey server children && wait_for 20 spi_is_new "$before"
check $? "mobxd: the Child SA is rekeyed"
before=$(conn .ike.spi_i)
mobx m conn rekey server ike && wait_for 20 ike_is_new "$before"
check $? "mobxd: the IKE SA is rekeyed"
mobx m path use server $W && at6 $W
check $? "mobxd: a soft move"
wait_for 10 at6 $W && ip -n m link set radio down
wait_for 10 paths_are $W
check $? "mobxd: a link goes, its path goes"
stream_whole
check $? "mobxd: no packet is lost by all that"
before=$(conn .ike.spi_i)
ip -n m link set radio up
configure6 radio 1
wait_for 20 paths_are $R $W
check $? "mobxd: the link is back, so is its path"
ip -n m link set wlan down
wait_for 20 at6 $R && pings6 $R
check $? "mobxd: a hard move"
[ "$(conn .ike.spi_i)" = "$before" ] && [ "$(conn .last_move.kind)" = hard ]
check $? "mobxd: it is the same IKE SA"
ip -n m link set wlan up
configure6 wlan 2
wait_for 20 paths_are $R $W

# --- which of a link's addresses are taken
new7() {
	m sysctl -qw net.ipv6.conf.wlan.use_tempaddr=2
	ip -n m addr add fd00:7:2::7/64 dev wlan mngtmpaddr nodad
}
new7
temporary() {
	ip -n m -6 -o addr show dev wlan temporary |
		sed -n 's|.* inet6 \([^/]*\)/.*|\1|p'
}
has_temporary() { temporary | grep -q :; }
# Right after its link came up the kernel has been seen to make none, also twice.
for _ in 1 2 3 4; do
	wait_for 5 has_temporary && break
	echo "# no temporary address: use_tempaddr is" \
		"$(m sysctl -n net.ipv6.conf.wlan.use_tempaddr)"
	ip -n m addr del fd00:7:2::7/64 dev wlan
	new7
done
# In any order.
paths_are_all() { [ "$(paths)" = "$(printf '%s\n' "$@" | sort -u)" ]; }
wait_for 20 has_temporary && T=$(temporary) &&
	wait_for 20 paths_are_all $R $W fd00:7:2::7 "$T"
check $? "addresses: a new one is a path, so is a temporary one"
# The kernel's choice, for what is not bound to any address.
ip -n m route add $S via fd00:7:2::1 dev wlan metric 1
m ip -6 route get $S | grep -q "src $T" &&
	m ping -q -c 3 -i 0.2 -W 5 $S >/dev/null && as_esp "$T" pings6 "$T"
check $? "addresses: a flow that has the temporary one, as ESP"
ip -n m addr change "$T/64" dev wlan preferred_lft 0
ip -n m addr add fd00:7:2::9/64 dev wlan nodad preferred_lft 0
ip -n m addr change $W/64 dev wlan preferred_lft 0
still_there() { paths | grep -qx "$T" && paths | grep -qx "$W"; }
sleep 2
still_there && as_esp "$T" pings6 "$T"
check $? "addresses: what is deprecated remains a path for flows"
! paths | grep -qx fd00:7:2::9
check $? "addresses: it does not become one"
ip -n m route del $S via fd00:7:2::1 dev wlan metric 1
ip -n m addr del fd00:7:2::9/64 dev wlan
ip -n m addr del fd00:7:2::7/64 dev wlan
ip -n m addr change $W/64 dev wlan preferred_lft forever
wait_for 20 paths_are $R $W
check $? "addresses: they come and go"

# --- a tunnel is no path, though all that is sent from there would go into it
ip -n m link add name tunnel type mobx
ip -n m addr add fd00:7:9::2/64 dev tunnel nodad
ip -n m link set tunnel up
ip -n m route add $S dev tunnel table 9
ip -n m -6 rule add from fd00:7:9::/64 lookup 9
m ip -6 route get $S from fd00:7:9::2 | grep -q "dev tunnel"
check $? "tunnel device: the kernel would send that way"
ip -n m addr add fd00:7:2::8/64 dev wlan nodad
wait_for 20 paths_are $R $W fd00:7:2::8
check $? "tunnel device: no path, where another new address is one"
ip -n m link del tunnel
ip -n m addr del fd00:7:2::8/64 dev wlan
wait_for 20 paths_are $R $W

# --- a router on the way is dead and every link is up: traffic shows it
# The server asks every second, so this end would not for ten.
wait_for 30 at6 $R
ip netns exec m ping -q -n -i 0.1 -I $R $S >/dev/null 2>&1 &
pinger=$!
background+=($pinger)
sleep 2
ip -n r -6 rule add prio 10 iif radio from fd00:7:1::/64 blackhole
ip -n r -6 rule add prio 10 iif wire to fd00:7:1::/64 blackhole
wait_for 5 at6 $W
check $? "traffic: a path by which nothing comes back is left within 5 s"
kill $pinger
ip -n r -6 rule del prio 10 iif radio from fd00:7:1::/64 blackhole
ip -n r -6 rule del prio 10 iif wire to fd00:7:1::/64 blackhole

# --- liveness
mark_agent
kill -9 "$pid_s"
wait "$pid_s" 2>/dev/null
wait_for 90 agent_said 'ike-down.*does not answer'
check $? "mobxd: a peer that is gone is noticed"
none_clear
check $? "mobxd: nothing in clear"
stop_agent
unwatch
mobx s peer flush
mobx s policy flush

# ----------------------------------------------- mobxd to strongSwan: transport

charon_conf
swan_conf "$key"
swan_from6() {
	sed -i "s|remote_addrs = .*|remote_addrs = fd00:7:1::/64, fd00:7:2::/64|" \
		"$tmp/ss/swanctl.conf"
}
swan_from6
start_charon
check $? "strongSwan starts"
watch6
agent_conf initiate "$key" 'dpd-delay = 2
	paths { prefer = { "radio", "wlan" } }'
sed -i "s|remote = \"10.7.3.0/24\"|remote = \"$S\"|" "$tmp/m.conf"
start m
wait_for 60 is_up m && wait_for 20 swan_up
check $? "transport: both ends are up"
[ "$(conn .remote)" = "[$S]:4500" ] && swan_sas | grep -q TRANSPORT
check $? "transport: over IPv6, port 4500"
as_esp $R pings6 $R && as_esp $R s ping -q -c 3 -i 0.2 -W 5 $R >/dev/null
check $? "transport: ping both ways, as ESP"
"$top/selftests/net/esp_echo" m s "$S" stream
check $? "transport: TCP, every octet right"
before=$(conn '.children[0].spi_in')
swanctl --rekey --child net >/dev/null
wait_for 20 spi_is_new "$before" && pings6 $R
check $? "transport: strongSwan rekeys the Child SA"
before=$(conn .ike.spi_i)
mobx m conn rekey server ike && wait_for 20 ike_is_new "$before" && pings6 $R
check $? "transport: mobxd rekeys the IKE SA"
none_clear
check $? "transport: nothing in clear"
stop_agent
wait_for 20 swan_down
check $? "transport: the end is told"

# ------------------------------------ mobxd to strongSwan: IPv4 in IPv6, moving

inner_hosts
swan_conf "$key" "" "local_ts = 10.9.3.1/32
	remote_ts = 10.9.1.1/32"
swan_from6
sed -i 's/mode = transport/mode = tunnel/' "$tmp/ss/swanctl.conf"
swan_load
agent_conf initiate "$key" 'mode = "tunnel" dpd-delay = 2
	paths { prefer = { "radio", "wlan" } }'
sed -i 's|remote = "10.7.3.0/24"|local = "10.9.1.1" remote = "10.9.3.1"|' \
	"$tmp/m.conf"
start m
wait_for 60 is_up m && wait_for 20 swan_up
check $? "tunnel: both ends are up"
as_esp $R inner
check $? "tunnel: ping, as ESP over IPv6"
before=$(conn .ike.spi_i)
ip -n m link set radio down
wait_for 20 at6 $W && as_esp $W inner
check $? "tunnel: a move to the other link"
ip -n m link set radio up
configure6 radio 1
wait_for 30 at6 $R && as_esp $R inner
check $? "tunnel: back to the preferred one"
[ "$(conn .ike.spi_i)" = "$before" ] && [ "$(swan_ike)" = 1 ]
check $? "tunnel: it is the same IKE SA"
none_clear
check $? "tunnel: nothing in clear"
finish

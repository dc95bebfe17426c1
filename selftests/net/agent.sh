#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mobxd when things go wrong: a bad configuration, another daemon or a second
# agent, each of its processes killed, a disk that is full, clients that
# misbehave. Traffic flows on, or waits; nothing is ever in clear.
# rig: timeout=900 alone
# covers: I2 MX14

. "$(dirname "$0")/agent_lib"

platform
mobile_conf "$tmp/m.conf"
server_conf "$tmp/s.conf"

# ----------------------------------------------------------- configuration

m "$mobxd" -n -c "$tmp/m.conf" >/dev/null
check $? "config: a good one passes mobxd -n"
sed 's/"initiate"/"boss"/' "$tmp/m.conf" >"$tmp/bad.conf"
out=$(m "$mobxd" -n -c "$tmp/bad.conf" 2>&1)
[ $? = 1 ] && [[ $out == *"$tmp/bad.conf:3: "*boss*initiate* ]]
check $? "config: a mistake is told with file and line"
out=$(m "$mobxd" -c "$tmp/bad.conf" 2>&1)
[ $? = 1 ] && [[ $out == *"bad.conf:3: "* ]]
check $? "config: the agent does not start with a mistake"
m "$mobxd" -c "$tmp/none.conf" 2>&1 | grep -q "none.conf: cannot read it"
check $? "config: a file that is not there is named"
[ -z "$(mobx m policy show 2>/dev/null | grep conn:)" ]
check $? "config: a mistake leaves no policy behind"

# ------------------------------------------------------- somebody in the way

ip netns exec m python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 4500))
time.sleep(60)' &
background+=($!)
squatter=$!
taken() { m ss -Huln sport = :4500 | grep -q 4500; }
wait_for 20 taken
out=$(m timeout 20 "$mobxd" -c "$tmp/m.conf" 2>&1)
[ $? = 1 ] && [[ $out == *4500*python3*"pid $squatter"* ]]
check $? "ports: who has 4500 is named"
kill "$squatter"
wait "$squatter" 2>/dev/null

start s
start m
wait_for 20 both_up
check $? "start: both ends come up"
watch_clear
m ping -q -c 3 -i 0.2 10.7.3.2 >/dev/null
check $? "start: traffic both ways"
nothing_clear
check $? "start: nothing in clear"
out=$(m timeout 20 "$mobxd" -c "$tmp/m.conf" 2>&1)
[ $? = 1 ] && [[ $out == *"another mobxd (pid $pid_m)"* ]]
check $? "second agent: refused, and the first is named"
out=$(m timeout 20 "$mobxd" -c "$tmp/m.conf" -S "$tmp/other/control" 2>&1)
[ $? = 1 ] && [[ $out == *"port 500"*mobxd* ]]
check $? "second agent: with another control socket it meets the port"
both_up && m ping -q -c 2 -i 0.2 10.7.3.2 >/dev/null
check $? "second agent: the first goes on"

uid=$(ps -o uid= -p "$(worker_of "$pid_m")" | tr -d ' ')
[ "$uid" != 0 ] && [ "$uid" = "$(id -u nobody)" ]
check $? "processes: the worker is nobody"
caps=$(grep -h '^Cap\(Prm\|Eff\|Bnd\|Amb\)' "/proc/$(worker_of "$pid_m")/status" \
	"/proc/$(creds_of "$pid_m")/status" \
	"/proc/$(fetch_of "$pid_m")/status" | awk '{ print $2 }' | sort -u)
[ "$caps" = 0000000000000000 ]
check $? "processes: none but the parent has a capability"
[ "$(readlink "/proc/$(worker_of "$pid_m")/root")" = "$tmp/m/empty" ] &&
	[ "$(readlink "/proc/$(creds_of "$pid_m")/root")" = "$tmp/m/empty" ] &&
	[ "$(readlink "/proc/$(fetch_of "$pid_m")/root")" = "$tmp/m/empty" ] &&
	[ -z "$(ls -A "$tmp/m/empty")" ]
check $? "processes: they are locked into an empty folder"

filters() {	# FIELD
	grep -h "^$1:" "/proc/$pid_m/status" \
		"/proc/$(worker_of "$pid_m")/status" \
		"/proc/$(creds_of "$pid_m")/status" \
		"/proc/$(fetch_of "$pid_m")/status" | awk '{ print $2 }'
}
[ "$(filters Seccomp | tr -d '\n')" = 2222 ]
check $? "processes: all four filter their system calls"
[ "$(grep -h '^Cap\(Prm\|Eff\|Bnd\)' "/proc/$pid_m/status" |
	awk '{ print $2 }' | sort -u)" = 0000000000001020 ]
check $? "processes: the parent kept CAP_NET_ADMIN and CAP_KILL"
[ "$(filters VmLck | awk '$1 > 0' | wc -l)" = 3 ]
check $? "processes: no memory of those that see keys is ever swapped"

# ----------------------------------------------------------- control socket

[ "$(stat -c %a "$tmp/m/control")" = 600 ]
check $? "control: for root only"
ask m 'rubbish' | grep -q '"ok":false.*not a JSON object'
check $? "control: rubbish is refused"
ask m '{"cmd":"fly"}' | grep -q '"ok":false.*fly.*conn-list'
check $? "control: an unknown command is told the known ones"
ask m '{"cmd":"conn-up","name":"nobody"}' | grep -q '"ok":false'
check $? "control: an unknown connection is refused"
ask m '{"cmd":"path-add","name":"server","addr":"moon"}' |
	grep -q '"ok":false.*moon'
check $? "control: a bad address is refused"
[ "$(ask m '{"cmd":"status"}' | jq '.ok and .data.connections == 1 and
	(.data.addresses | length) == 2')" = true ]
check $? "control: status knows the two links"
keeps_schema m && keeps_schema s
check $? "conn list: as Documentation/schema/conn.json has it"
m ping -q -c 1 -W 5 10.7.3.2 >/dev/null && [ "$(mobx m -s -j conn show server |
	jq '.[0].children[0] | .in.packets > 0 and .out.bytes > 0 and
	.rekey_s > 0 and .rekey_s <= 3600 and .expires_s > .rekey_s and
	(.selectors | length) > 0')" = true ]
check $? "conn show: -s tells what the module counts of each Child SA"
mobx m -s conn show | grep -q 'in packets [1-9].*bytes'
check $? "conn show: and as text"
# More than one where the host was too busy for signs of life.
[ "$(mobx m -j stats agent | jq -r '.[] | select(.name == "answers_received"
	and .exchange == "IKE_AUTH") | .value')" -ge 1 ]
check $? "stats: what the agent has counted"
mobx m stats openmetrics >"$tmp/metrics"
[ $? = 0 ] && [ "$(tail -n 1 "$tmp/metrics")" = "# EOF" ] &&
	grep -q '^mobx_module_out_protected_total [1-9]' "$tmp/metrics" &&
	grep -qx 'mobx_agent_answers_received_total{exchange="IKE_AUTH"} [1-9][0-9]*' \
		"$tmp/metrics" &&
	! grep -Evq '^(# (TYPE [a-z_]+ counter|EOF)|[a-z_]+_total(\{[a-z]+="[A-Za-z0-9_-]+"\})? [0-9]+)$' \
		"$tmp/metrics"
check $? "stats: all of both as OpenMetrics has them"
python3 - "$tmp/m/control" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect(sys.argv[1])
try:
    s.sendall(b"x" * 200000)
    gone = s.recv(100) == b""
except (BrokenPipeError, ConnectionResetError):
    gone = True
# Somebody who asks and asks and never reads.
t = socket.socket(socket.AF_UNIX)
t.settimeout(10)
t.connect(sys.argv[1])
try:
    for _ in range(400000):
        t.sendall(b'{"cmd":"conn-list"}\n' * 50)
    dropped = False
except (BrokenPipeError, ConnectionResetError, socket.timeout):
    dropped = True
sys.exit(0 if gone and dropped else 1)
END
check $? "control: endless lines and readers that do not read are dropped"
is_up m && ask m '{"cmd":"status"}' | grep -q '"ok":true'
check $? "control: the agent serves others meanwhile"

# ------------------------------------------------------------------- reload

spi() { mobx m -j conn list | jq -r '.[0].ike.spi_i'; }
before=$(spi)
cp "$tmp/m.conf" "$tmp/good.conf"
cp "$tmp/bad.conf" "$tmp/m.conf"
ask m '{"cmd":"conn-load"}' | grep -q '"ok":false.*m.conf:3: '
check $? "reload: a mistake is told to who asked"
[ "$(spi)" = "$before" ] && mobx m policy show | grep -q conn:server
check $? "reload: a mistake changes nothing"
cp "$tmp/good.conf" "$tmp/m.conf"
ask m '{"cmd":"conn-load"}' | grep -q '"ok":true' && [ "$(spi)" = "$before" ]
check $? "reload: the same again keeps the IKE SA"
sed -i 's/order = 100/order = 50/' "$tmp/m.conf"
kill -HUP "$pid_m"
moved() {
	mobx m policy show | grep -q 'order 50 .*conn:server' &&
		! mobx m policy show | grep -q 'order 100 '
}
wait_for 5 moved
check $? "reload: SIGHUP moves a policy to its new order"
wait_for 10 both_up && m ping -q -c 2 -i 0.2 10.7.3.2 >/dev/null
check $? "reload: traffic goes on"

# ------------------------------------------------------- processes killed

# A stream of numbered pings; all must come back, some late.
stream() {	# COUNT
	ip netns exec m ping -n -i 0.05 -W 8 -c "$1" 10.7.3.2 >"$tmp/ping" 2>&1 &
	background+=($!)
	stream_pid=$!
}

stream_whole() {
	wait "$stream_pid"
	grep -q ' 0% packet loss' "$tmp/ping" || {
		sed -n 's/.*icmp_seq=\([0-9]*\).*/\1/p' "$tmp/ping" | tr '\n' ' ' |
			sed 's/^/# answered: /'
		echo
		for ns in m s; do
			mobx $ns stats | grep -v ' 0$' | sed "s/^/# $ns: /"
		done
		false
	}
}

policies() { mobx "$1" policy show | grep -c conn:; }

peers() { mobx "$1" -j peer show | jq length; }
one_peer() { [ "$(peers "$1")" = 1 ]; }

kill_one() {	# PROCESS NAMESPACE
	local parent="pid_$2" victim

	parent=${!parent}
	case $1 in
	parent) victim=$parent ;;
	worker) victim=$(worker_of "$parent") ;;
	credentials) victim=$(creds_of "$parent") ;;
	fetching) victim=$(fetch_of "$parent") ;;
	esac
	others=$(children_of "$parent")
	kill -9 "$victim"
}

all_gone() {
	local p

	for p in "$@"; do
		gone "$p" || return 1
	done
}

for ns in m s; do
	for what in worker credentials fetching parent; do
		parent="pid_$ns"
		parent=${!parent}
		stream 120
		sleep 1
		kill_one $what $ns
		wait_for 5 all_gone "$parent" $others
		check $? "$ns: $what killed: the others end"
		wait "$parent" 2>/dev/null
		status=$?
		[ $status != 0 ]
		check $? "$ns: $what killed: status $status is not 0"
		[ "$(policies $ns)" = 1 ] && [ "$(peers $ns)" -ge 1 ]
		check $? "$ns: $what killed: policy and peer stay"
		start $ns
		stream_whole
		check $? "$ns: $what killed: no packet is lost"
		# A responder cannot call: its peer notices that it forgot.
		wait_for 40 both_up
		check $? "$ns: $what killed: the connection is up again"
		wait_for 20 one_peer m && wait_for 40 one_peer s
		check $? "$ns: $what killed: what the old agent left is gone"
		m ping -q -c 2 -i 0.2 10.7.3.2 >/dev/null
		check $? "$ns: $what killed: traffic flows"
	done
done
nothing_clear
check $? "killed: nothing in clear"

# In mid-handover: the command to move has just been given.
for what in worker credentials parent; do
	wait_for 20 both_up
	to=10.7.2.2
	ask m '{"cmd":"path-show"}' |
		jq -e '.data[] | select(.primary and .local == "10.7.2.2")' \
		>/dev/null && to=10.7.1.2
	parent=$pid_m
	ask m "{\"cmd\":\"path-use\",\"name\":\"server\",\"addr\":\"$to\"}" \
		>/dev/null 2>&1 &
	background+=($!)
	sleep 0.0$((RANDOM % 4))
	kill_one $what m
	wait_for 5 all_gone "$parent" $others
	primary=$(mobx m -j peer show |
		jq '[.[0].paths[] | select(.primary)] | length')
	[ "$primary" = 1 ]
	check $? "mid-handover: $what killed: the binding is whole"
	m ping -q -c 3 -i 0.2 -W 5 10.7.3.2 >/dev/null
	check $? "mid-handover: $what killed: traffic flows without the agent"
	start m
	wait_for 40 both_up && wait_for 20 one_peer m
	check $? "mid-handover: $what killed: a new agent takes over"
	m ping -q -c 3 -i 0.2 -W 5 10.7.3.2 >/dev/null
	check $? "mid-handover: $what killed: traffic flows after it"
done
nothing_clear
check $? "mid-handover: nothing in clear"

# -------------------------------------------------------------- a full disk

kill -TERM "$pid_m"
wait "$pid_m"
check $? "stop: SIGTERM ends with status 0"
mkdir "$tmp/full"
mount -t tmpfs -o size=64k full "$tmp/full"
dd if=/dev/zero of="$tmp/full/ballast" bs=4k 2>/dev/null
ip netns exec m "$mobxd" -d -c "$tmp/m.conf" 2>>"$tmp/full/ballast" &
background+=($!)
pid_m=$!
wait_for 20 both_up && m ping -q -c 2 -i 0.2 10.7.3.2 >/dev/null
check $? "full disk: the agent runs, its log is lost"
kill -TERM "$pid_m"
wait "$pid_m"
mkdir -p "$tmp/full/run" 2>/dev/null
ip netns exec m "$mobxd" -d -c "$tmp/m.conf" -S "$tmp/full/control" 2>>"$tmp/m.log" &
background+=($!)
pid_m=$!
wait_for 20 is_up s
umount -l "$tmp/full"
m ping -q -c 2 -i 0.2 10.7.3.2 >/dev/null
check $? "full disk: connections come up even without a place for sockets"

# ---------------------------------------------------- stopped, and XFRM's own

kill -TERM "$pid_m"
wait "$pid_m"
check $? "stop: SIGTERM ends with status 0 again"
[ "$(policies m)" = 1 ]
check $? "stop: the policy stays"
down() { [ "$(conn_state s)" != up ]; }
wait_for 5 down
check $? "stop: the peer was told"
! m ping -q -c 2 -i 0.2 -W 1 10.7.3.2 >/dev/null 2>&1
check $? "stop: traffic waits"
# Sooner than it is ready.
for delay in 0 0.01 0.03 0.1; do
	start m
	sleep $delay
	kill -TERM "$pid_m"
	wait_for 20 gone "$pid_m"
	check $? "stop: SIGTERM $delay s after the start ends it as well"
	kill -9 "$pid_m" 2>/dev/null
	wait "$pid_m" 2>/dev/null
done
m ip xfrm policy add dst 10.9.0.0/16 dir out tmpl proto esp mode transport
start m
wait_for 20 both_up
grep -q 'event=xfrm.*1 policies' "$tmp/m.log"
check $? "xfrm: policies of the kernel's own IPsec are told"
sed -i 's/^connection "server"/connection "renamed"/' "$tmp/m.conf"
ask m '{"cmd":"conn-load"}' | grep -q '"ok":true'
mobx m policy show | grep -q conn:renamed && ! mobx m policy show | grep -q conn:server
check $? "dropped: a connection's policies go with it"
nothing_clear
check $? "nothing in clear from the first start to here"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# MPTCP above the paths: an address becomes an endpoint when the peer has
# accepted its path and ceases to be one before the path goes; a connection
# moves with them and loses nothing, and no subflow is in clear.
# rig: timeout=360 kernel=6.1
# covers: I2

. "$(dirname "$0")/agent_lib"

S=10.7.3.2 R=10.7.1.2 W=10.7.2.2

platform
m sysctl -qw net.mptcp.enabled=1 2>/dev/null ||
	skip "no MPTCP in this kernel"
mobile_conf "$tmp/m.conf" 'paths { mptcp = "subflow" prefer = { "radio" } }'
server_conf "$tmp/s.conf" 'paths { mptcp = "signal" }'
sed -i "s/proto = \"icmp\" remote.*/proto = \"tcp\" remote = \"$S\" }/" \
	"$tmp/m.conf"
sed -i "s/proto = \"icmp\" local.*/proto = \"tcp\" local = \"$S\" }/" \
	"$tmp/s.conf"
for ns in m s; do
	ip -n $ns mptcp limits set subflows 4 add_addr_accepted 4
done

endpoints() { ip -n "$1" mptcp endpoint show | awk '{ print $1 }' | sort; }
endpoints_are() {	# NAMESPACE ADDRESS...
	local ns=$1
	shift

	[ "$(endpoints "$ns" | tr '\n' ' ')" = "${*:+$* }" ]
}

# Own addresses of the subflows of the mobile's one connection.
subflows() {
	m ss -Htn state established dst $S | awk '{ print $3 }' |
		cut -d: -f1 | sort
}
subflows_are() { [ "$(subflows | tr '\n' ' ')" = "$* " ]; }
received() { tail -n 1 "$tmp/got"; }
more_is_received() { [ "$(received)" -gt "$before" ]; }
goes_on() { before=$(received); wait_for 20 more_is_received; }

# --- configuration
sed 's/mptcp = "subflow"/mptcp = "yes"/' "$tmp/m.conf" >"$tmp/bad.conf"
chmod 600 "$tmp/bad.conf"
out=$("$top/build/mobxd" -n -c "$tmp/bad.conf" 2>&1)
[ $? = 1 ] && [[ $out == *'"yes"'*subflow* ]]
check $? "config: a kind of endpoint that there is not is refused"

# --- endpoints follow paths
ip netns exec r tcpdump -i any -nn -l -p tcp >"$tmp/clear" 2>"$tmp/tcpdump" &
background+=($!)
wait_for 20 grep -q listening "$tmp/tcpdump"
start s
start m
wait_for 30 both_up
check $? "both ends come up"
wait_for 20 endpoints_are m $R $W && wait_for 20 endpoints_are s $S
check $? "addresses of paths are endpoints, at both ends"
ip -n m mptcp endpoint show | grep -q "$R.*subflow" &&
	ip -n s mptcp endpoint show | grep -q "$S.*signal"
check $? "of the kinds that are configured"
grep -q 'event=address-ready.*addr='$W "$tmp/m.log"
check $? "the event says so, too"

# --- a connection over both, which counts from 0 until it is told to stop
ip netns exec s python3 -uc "
import socket, struct
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
listener.bind(('$S', 7000))
listener.listen()
print(0)
conn, _ = listener.accept()
rest, want = b'', 0
while data := conn.recv(65536):
    rest += data
    whole = len(rest) // 4
    for n in struct.unpack('!%dI' % whole, rest[:whole * 4]):
        if n != want:
            print('wrong')
            raise SystemExit(1)
        want += 1
    rest = rest[whole * 4:]
    print(want)
print('whole')" >"$tmp/got" &
background+=($!)
server=$!
wait_for 20 [ -s "$tmp/got" ]
ip netns exec m python3 -c "
import os, socket, struct, time
sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
sock.connect(('$S', 7000))
n = 0
while not os.path.exists('$tmp/stop'):
    sock.sendall(struct.pack('!250I', *range(n, n + 250)))
    n += 250
    time.sleep(0.02)
sock.close()" &
background+=($!)
wait_for 20 subflows_are $R $W
check $? "a connection has a subflow on each path"
goes_on
check $? "data flow"
mobx m path del server $W && endpoints_are m $R
check $? "path del: no endpoint any more when the command is done"
wait_for 20 subflows_are $R && goes_on
check $? "nor a subflow, and data flow"
mobx m path add server $W && wait_for 10 endpoints_are m $R $W &&
	wait_for 20 subflows_are $R $W
check $? "path add: both are back"
ip -n m link set radio down
wait_for 20 endpoints_are m $W && goes_on
check $? "a link goes: its endpoint goes, data flow by the other one"
ip -n m link set radio up
ip -n m route replace default via 10.7.1.1 dev radio metric 100
ip -n m route replace default via 10.7.1.1 table 1
wait_for 30 endpoints_are m $R $W && goes_on
check $? "the link is back, so is the endpoint"
touch "$tmp/stop"
wait $server
[ "$(received)" = whole ]
check $? "the stream is whole"
[ ! -s "$tmp/clear" ]
check $? "nothing in clear"

# --- two users of one address; what is there already
ip -n m mptcp endpoint show | grep -c "$R" | grep -qx 1
check $? "one endpoint for an address"
kill "$pid_m"
wait "$pid_m" 2>/dev/null
endpoints_are m
check $? "without the agent there is no endpoint of it"
ip -n m mptcp endpoint add $R subflow
start m
wait_for 30 is_up m && wait_for 20 endpoints_are m $R $W
check $? "one that is there already is none twice"
kill "$pid_m"
wait "$pid_m" 2>/dev/null
endpoints_are m
check $? "and goes with the others"
finish

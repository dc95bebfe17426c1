#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Segments that came in ESP and were put together, where connections are
# tracked: what a socket has not read yet, and what the kernel keeps of it to
# free it later on the CPU that it came from, refers to no connection. A
# namespace cannot end as long as somebody does.
# rig: timeout=240 cpus=2 kernel=6.1
# covers: I2

. "$(dirname "$0")/esp_lib"
command -v nft >/dev/null || skip "no nft"
command -v conntrack >/dev/null || skip "no conntrack"

count=60000

# What comes for the reader comes on the first CPU; it reads on the second.
reader() {
	ip netns exec b taskset -c 1 timeout 60 python3 -u -c "
import os, socket, time
server = socket.create_server(('$B', 4243))
print('ready', flush=True)
peer, source = server.accept()
while not os.path.exists('$tmp/read'):
    time.sleep(0.05)
total = 0
while total < $count and (data := peer.recv(65536)):
    total += len(data)
print(total, flush=True)
# Until the writer ends, so that neither socket outlives its namespace.
peer.recv(1)" >"$tmp/reader" &
	reader=$!
	wait_for 20 grep -q ready "$tmp/reader"
}

writer() {
	ip netns exec a taskset -c 0 timeout 60 python3 -u -c "
import socket, time
sock = socket.create_connection(('$B', 4243), 10)
sock.sendall(b'x' * $count)
print('sent', flush=True)
time.sleep(50)" >"$tmp/writer" &
	writer=$!
	wait_for 20 grep -q sent "$tmp/writer"
}

# Forgotten connections count as long as a packet refers to them.
none_tracked() {
	taskset -c 1 ip netns exec b conntrack -F 2>/dev/null
	[ "$(taskset -c 1 ip netns exec b \
		sysctl -n net.netfilter.nf_conntrack_count)" = 0 ]
}

world
for ns in a b; do
	in_ns $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1
done
b nft -f - <<-'END'
	table ip filter {
		chain in {
			type filter hook input priority filter;
			ct state established counter accept
		}
	}
	END
mobx_a gcm128
mobx_b gcm128
ma policy add order 10 action protect remote $B
mb policy add order 10 action protect remote $A
reader
writer
sleep 0.5
none_tracked
check $? "segments that wait for their reader refer to no connection"
: >"$tmp/read"
wait_for 20 grep -qx $count "$tmp/reader"
check $? "all of them are read"
wait_for 3 none_tracked
check $? "nor do segments that were read"
kill $writer
wait $reader
finish

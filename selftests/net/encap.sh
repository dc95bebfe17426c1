#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ESP in UDP (RFC 3948) through a NAT, transport mode: mobx and the kernel's XFRM
# at either end, two clients behind one NAT, keepalives, IKE beside it.
#
# rig: timeout=600
# covers: UE1 UE2 UE4 UE5 UE7 MB34

. "$(dirname "$0")/encap_lib"

# A host whose socket is not there yet answers with ICMP.
listens() { in_ns s ss -Hulnp "sport = :$1" | grep -q .; }

sctp() {	# WHAT CLIENT SERVER-ADDRESS
	in_ns s timeout 20 python3 - "$3" <<-'END' &
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
		s.bind((sys.argv[1], 7000)); s.listen(1)
		c, _ = s.accept()
		while True:
		    d = c.recv(65536)
		    if not d: break
		    c.sendall(d)
	END
	wait_for 30 in_ns s grep -q ' 7000 ' /proc/net/sctp/eps
	in_ns "$2" timeout 20 python3 - "$3" <<-'END'
		import os, socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
		s.settimeout(15)
		s.connect((sys.argv[1], 7000))
		data, got = os.urandom(60000), b""
		for at in range(0, len(data), 1000):
		    s.sendall(data[at:at + 1000])
		    while len(got) < at + 1000:
		        got += s.recv(65536)
		sys.exit(got != data)
	END
	check $? "$1: SCTP"
}

# --- mobx behind the NAT, XFRM beyond it
nat_world
mobx_at c 1 $C $S 4500 0x1001 B 0x2002 A && "$mobx" -n c policy add order 10 \
	action protect remote $S
check $? "mobx behind a NAT: peer, SAs and policy"
xfrm_at s $S $N 4500 0x2002 A 0x1001 B
check $? "XFRM beyond it"
watch
traffic "mobx to XFRM" c $S
clean_wire "mobx to XFRM"

# --- XFRM behind the NAT, mobx beyond it
fresh
xfrm_at c $C $S 4500 0x1001 B 0x2002 A
mobx_at s 1 $S $N 4500 0x2002 A 0x1001 B && "$mobx" -n s policy add order 10 \
	action protect remote $N
check $? "mobx beyond the NAT"
watch
traffic "XFRM to mobx" c $S
clean_wire "XFRM to mobx"
[ "$(stat s in-integrity)" = 0 ]
check $? "XFRM to mobx: all of it authentic"

# --- two clients behind one NAT, which have chosen the same SPI
fresh
mobx_at c 1 $C $S 4500 0x1001 B 0x2002 A
"$mobx" -n c policy add order 10 action protect remote $S
mobx_at d 1 $D $S 4500 0x1001 B 0x2003 A
"$mobx" -n d policy add order 10 action protect remote $S
mobx_at s 1 $S $N 4500 0x2002 A 0x1001 B selector proto udp dport 5001
mobx_at s 2 $S $N 4700 0x2003 A 0x1001 B selector proto udp dport 5002
check $? "two peers at one address, behind other ports, with one outbound SPI"
"$mobx" -n s policy add order 10 action protect remote $N
for client in "c 5001 $C" "d 5002 $D"; do
	set -- $client
	in_ns s timeout 20 python3 - $S $2 <<-'END' &
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind((sys.argv[1], 6000 + int(sys.argv[2])))
		for _ in range(20):
		    d, a = s.recvfrom(2000)
		    s.sendto(d + str(a[1]).encode(), a)
	END
	wait_for 30 listens $((6000 + $2))
	in_ns $1 timeout 20 python3 - $S $2 <<-'END'
		import socket, sys
		port = int(sys.argv[2])
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("", port)); s.settimeout(3)
		for i in range(20):
		    s.sendto(b"%d " % i, (sys.argv[1], 6000 + port))
		    if s.recv(2000) != b"%d %d" % (i, port):
		        sys.exit(1)
	END
	check $? "client $1 speaks with the server, by its own SA"
done
"$mobx" -n s sa add dir out spi 0x1009 peer 2 $(suite cbc-sha1 A) \
	selector proto udp dport 5001 2>"$tmp/err"
[ $? = 2 ] && grep -q "same selectors" "$tmp/err"
check $? "selectors that another client behind the NAT has are refused"

# --- keepalives, runts, IKE; SCTP
fresh
mobx_at c 1 $C $S 4500 0x1001 B 0x2002 A
"$mobx" -n c policy add order 10 action protect remote $S
mobx_at s 1 $S $N 4500 0x2002 A 0x1001 B
"$mobx" -n s policy add order 10 action protect remote $N
sctp "mobx to mobx" c $S
echo "c $S 4500 ff" >&$fd_sock
echo "c $S 4500 00000000494b45" >&$fd_sock
wait_for 5 grep -q '^s .*494b45' "$tmp/sock.out"
check $? "IKE passes beside ESP"
! grep -q ' ff$' "$tmp/sock.out"
check $? "a keepalive vanishes"
in_ns c ping -qc 1 -W 2 $S >/dev/null
check $? "and disturbs nothing"
before=$(stat s in-protected)
"$mobx" -n s peer set 1 local $S remote $N &&
	! in_ns c ping -qc 1 -W 1 $S >/dev/null
check $? "a server that answers without UDP is not heard behind a NAT"
[ "$(stat s in-protected)" = $((before + 1)) ]
check $? "though it takes both kinds"
for ns in c d n s; do
	ip netns del $ns
done
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two agents with certificates that ask an OCSP responder, which is openssl's,
# whether the other's is revoked: one end by the address that the certificate
# names, or by a name, the other on its own host. Nothing waits for a responder
# but who is being authenticated.
# rig: timeout=400
# covers: K32

. "$(dirname "$0")/agent_lib"
. "$(dirname "$0")/pki_lib"

platform
authority root ec256
uri='authorityInfoAccess=OCSP;URI:http://10.7.3.2:8888/'
cert m mobile ec256 root "$uri"
cert s server ec256 root "$uri"
key helper ec256
printf 'extendedKeyUsage=OCSPSigning\n' >"$pki/ext"
openssl req -new -key "$pki/helper.key" -subj "/O=Test/CN=helper" |
	openssl x509 -req -days 30 -extfile "$pki/ext" -CA "$pki/root.pem" \
	-CAkey "$pki/root.key" -CAcreateserial -out "$pki/helper.pem" 2>/dev/null

# What is known of both certificates: V (valid) or R (revoked).
index() {	# MOBILE SERVER
	local name state

	for name in m s; do
		state=$1
		shift
		printf '%s\t%s\t%s\t%s\tunknown\t/CN=%s\n' "$state" \
			391231000000Z "$([ "$state" = V ] || echo 250101000000Z)" \
			"$(openssl x509 -noout -serial -in "$pki/$name.pem" |
			   cut -d= -f2)" $name
	done >"$tmp/index"
}

stop_responder() {
	kill -9 "$responder" 2>/dev/null
	wait "$responder" 2>/dev/null
}

listens() { s ss -Hltn sport = :8888 | grep -q 8888; }
respond() {
	stop_responder
	ip netns exec s openssl ocsp -port 8888 -index "$tmp/index" \
		-CA "$pki/root.pem" -rsigner "$pki/helper.pem" \
		-rkey "$pki/helper.key" -ndays 1 >"$tmp/ocsp.log" 2>&1 &
	responder=$!
	background+=($!)
	wait_for 20 listens
}

# A configuration whose options for the peer's certificate are $2.
conf() {	# NAMESPACE OPTIONS
	local what=mobile_conf

	[ "$1" = m ] || what=server_conf
	$what "$tmp/$1.conf" "$(options "$1") $2"
	sed -i '/psk =/d' "$tmp/$1.conf"
}

again() {	# MOBILE'S SERVER'S
	local ns

	for ns in m s; do
		local pid="pid_$ns"

		[ -z "${!pid:-}" ] || { kill -TERM "${!pid}"; wait "${!pid}"; }
	done
	rm -f "$tmp"/[ms].log
	conf m "$1"
	conf s "$2"
	start s
	start m
}

both='ocsp = "strict" ocsp-uri = "http://127.0.0.1:8888/"'
index V V
respond
again 'ocsp = "if-uri"' "$both"
wait_for 20 both_up
check $? "good: both ends come up"
m ping -q -c 3 -i 0.2 10.7.3.2 >/dev/null
check $? "good: traffic both ways"
grep -q 'event=ocsp' "$tmp/m.log" "$tmp/s.log"
check $((! $?)) "good: there is nothing to complain about"
[ "$(ps -o uid= -p "$(fetch_of "$pid_m")" | tr -d ' ')" = "$(id -u nobody)" ] &&
	[ "$(readlink "/proc/$(fetch_of "$pid_m")/root")" = "$tmp/m/empty" ] &&
	grep -q 'CapBnd:.*0000000000000000' "/proc/$(fetch_of "$pid_m")/status" &&
	grep -q 'Seccomp:.*2' "/proc/$(fetch_of "$pid_m")/status"
check $? "who fetches has no privilege and no file"

# Its answer is good for a day: the next one is taken without.
stop_responder
before=$(mobx m -j conn list | jq -r '.[0].ike.spi_i')
mobx s conn down mobiles >/dev/null
new_ike() {
	both_up && [ "$(mobx m -j conn list | jq -r '.[0].ike.spi_i')" != "$before" ]
}
wait_for 20 new_ike
check $? "kept: both ends come up again while nobody responds"

says() { grep -q "$2" "$tmp/$1.log"; }
index V R
respond
again 'ocsp = "relaxed"' ''
wait_for 20 says m 'revoked, says its OCSP responder'
check $? "revoked: the mobile refuses the server"
! both_up
check $? "revoked: nothing comes up"
index R V
respond
again '' "$both"
wait_for 20 says s 'revoked, says its OCSP responder'
check $? "revoked: the server refuses the mobile"

stop_responder
again 'ocsp = "if-uri"' ''
wait_for 20 says m 'certificate is revoked is not known: its OCSP responder does not answer'
check $? "no responder: the mobile refuses the server"
says m 'event=ocsp.*http://10.7.3.2:8888/: cannot be reached'
check $? "no responder: the log says whom it has asked"
again 'ocsp = "relaxed"' ''
wait_for 20 both_up && says m 'event=ocsp.*does not answer'
check $? "no responder: who is relaxed puts up with it, and says so"

# Somebody who takes the question, and never answers it.
ip netns exec s python3 -c '
import socket, time
s = socket.create_server(("0.0.0.0", 8888))
held = []
while True:
    held.append(s.accept())' &
background+=($!)
responder=$!
wait_for 20 listens
again 'ocsp = "relaxed"' ''
asked() { s ss -Htn state established sport = :8888 | grep -q 8888; }
wait_for 20 asked && ! is_up m
check $? "silent responder: it has been asked"
serves='
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"""{"cmd":"status"}\n""")
assert b"""\"ok\":true""" in s.recv(1000)'
timeout 1 python3 - "$tmp/m/control" <<<"$serves"
check $? "silent responder: the agent serves others meanwhile"
wait_for 20 both_up && says m '8888/: no answer in time'
check $? "silent responder: it is not waited for without end"

# By name: a name server that knows one.
index V V
respond
ip netns exec s python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.7.3.2", 53))
while True:
    q, who = s.recvfrom(600)
    end = q.index(b"\0", 12) + 5
    known = q[12:end - 4].lower() == b"\4ocsp\7example\0" and q[end - 3] == 1
    s.sendto(q[:2] + (b"\x81\x80\0\1\0\1" if known else b"\x81\x83\0\1\0\0") +
             b"\0\0\0\0" + q[12:end] + (b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" +
             bytes([10, 7, 3, 2]) if known else b""), who)' &
names=$!
background+=($names)
mkdir -p /etc/netns/m
echo "nameserver 10.7.3.2" >/etc/netns/m/resolv.conf
again 'ocsp = "strict" ocsp-uri = "http://ocsp.example:8888/"' ''
wait_for 20 both_up
check $? "name: the responder is found by its name"
again 'ocsp = "strict" ocsp-uri = "http://nobody.example:8888/"' ''
wait_for 20 says m 'http://nobody.example:8888/: .* has no address'
check $? "name: one that there is not is told"
! grep -q event=died "$tmp/m.log"
check $? "name: and costs nobody their life"

# A name server that takes all questions and answers none.
kill -STOP $names
again 'ocsp = "relaxed" ocsp-uri = "http://ocsp.example:8888/"' ''
asked() { s ss -Huanp sport = :53 | awk '{ exit !$2 }'; }
wait_for 20 asked && ! is_up m
check $? "silent name server: it has been asked"
timeout 1 python3 - "$tmp/m/control" <<<"$serves"
check $? "silent name server: the agent serves others meanwhile"
wait_for 20 both_up
check $? "silent name server: it is not waited for without end"
rm -rf /etc/netns/m

# Longer than what one process of the agent says to another in one message.
revoked m 3500 >"$pki/index"
revocation_list long.crl
[ "$(stat -c %s "$pki/long.crl")" -gt 150000 ]
check $? "a long list of revoked certificates"
again '' "crl = { \"$pki/long.crl\" }"
wait_for 20 says s 'certificate revoked'
check $? "long list: the server refuses the mobile, which is the first of it"
sed -i 1d "$pki/index"
revocation_list long.crl
again '' "crl = { \"$pki/long.crl\" }"
wait_for 20 both_up
check $? "long list: without it both ends come up"
finish

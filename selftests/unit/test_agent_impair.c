// SPDX-License-Identifier: GPL-2.0
/* What --impair spoils, and that it spoils nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/impair.h"
#include "agent/log.h"
#include "wire/msg.h"
#include "wire/payload.h"

#define MANY 400

static struct event_base *base;
/* Two sockets on the loopback device, and the address of the second. */
static int from, to;
static struct wire_endpoint local, remote;

static int bound(struct wire_endpoint *at)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int size = 1 << 20;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	assert_true(wire_endpoint_from_sockaddr(at, (struct sockaddr *)&sin,
						len));
	return fd;
}

static int make_sockets(void **state)
{
	(void)state;
	log_init("test", IKE_LOG_ERROR);
	base = event_base_new();
	from = bound(&local);
	to = bound(&remote);
	return 0;
}

static int close_sockets(void **state)
{
	char err[8];

	(void)state;
	close(from);
	close(to);
	impair_parse("seed=1", err, sizeof(err));
	impair_begin(base);
	event_base_free(base);
	return 0;
}

static void want(const char *list)
{
	char err[256] = "";

	if (impair_parse(list, err, sizeof(err)))
		fail_msg("%s: %s", list, err);
	impair_begin(base);
}

static void refused(const char *list, const char *why)
{
	char err[256] = "";

	assert_int_equal(impair_parse(list, err, sizeof(err)), -EINVAL);
	if (!strstr(err, why))
		fail_msg("%s: %s", list, err);
}

static const uint8_t hello[] = "neither more nor less than these octets";

static void send_many(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(impair_send(from, &local, &remote, 0, hello,
					     sizeof(hello)), 0);
}

/* How many came; of those @damaged by one bit. */
static unsigned int arrived(unsigned int *damaged)
{
	uint8_t buf[100];
	unsigned int n = 0, bits;
	ssize_t len;

	*damaged = 0;
	while ((len = recv(to, buf, sizeof(buf), 0)) >= 0) {
		assert_int_equal(len, sizeof(hello));
		bits = 0;
		for (size_t i = 0; i < sizeof(hello); i++)
			bits += (unsigned int)__builtin_popcount(buf[i] ^
								 hello[i]);
		assert_true(bits <= 1);
		*damaged += bits;
		n++;
	}
	return n;
}

static unsigned int whole(void)
{
	unsigned int damaged, n = arrived(&damaged);

	assert_int_equal(damaged, 0);
	return n;
}

/* ------------------------------------------------------------------ options */

static void mistakes_are_named(void **state)
{
	(void)state;
	refused("", "\"\" is none; drop,");
	refused("lose=1%", "\"lose\" is none; drop,");
	refused("drop", "drop=: \"1%\"");
	refused("drop=0%", "drop=0%: ");
	refused("drop=101%", "drop=101%: ");
	refused("drop=-1", "drop=-1: ");
	refused("drop=10%x", "drop=10%x: ");
	refused("drop=99999999999999999999", "drop=9999");
	refused("delay=10%", "delay=10%: such as");
	refused("delay=10%:300", "delay=10%:300: such as");
	refused("delay=10%:60001ms", "at most 60000 ms");
	refused("seed=0", "seed=0: a number");
	refused("omit=NOTHING", "omit=NOTHING: a payload");
	refused("omit=D,omit=D,omit=D,omit=D,omit=D,omit=D,omit=D,omit=D,omit=D",
		"8 at most");
}

/* ---------------------------------------------------------------- datagrams */

static void without_anything(void **state)
{
	(void)state;
	want("seed=7");
	send_many(MANY);
	assert_int_equal(whole(), MANY);
}

static void by_number(void **state)
{
	(void)state;
	want("drop=4");
	send_many(8);
	assert_int_equal(whole(), 6);
	want("duplicate=2");
	send_many(8);
	assert_int_equal(whole(), 12);
	want("drop=1");
	send_many(8);
	assert_int_equal(whole(), 0);
}

/* By chance about as often as was asked for, and by the seed alone. */
static void by_chance(void **state)
{
	unsigned int n, damaged;

	(void)state;
	want("drop=20%,seed=3");
	send_many(MANY);
	n = whole();
	assert_in_range(n, MANY * 70 / 100, MANY * 90 / 100);
	want("seed=3,drop=20%");
	send_many(MANY);
	assert_int_equal(whole(), n);
	want("duplicate=10%");
	send_many(MANY);
	assert_in_range(whole(), MANY * 105 / 100, MANY * 115 / 100);
	want("corrupt=10%");
	send_many(MANY);
	assert_int_equal(arrived(&damaged), MANY);
	assert_in_range(damaged, MANY * 5 / 100, MANY * 15 / 100);
}

/* Late ones come, after those that were sent behind them. */
static void late(void **state)
{
	(void)state;
	want("delay=2:30ms");
	send_many(10);
	assert_int_equal(whole(), 5);
	event_base_dispatch(base);
	assert_int_equal(whole(), 5);
	/* So many wait, the others go at once. */
	want("delay=1:1ms");
	send_many(300);
	assert_int_equal(whole(), 300 - 256);
	event_base_dispatch(base);
	assert_int_equal(whole(), 256);
}

static void kernel_says_no(void **state)
{
	struct wire_endpoint nowhere = { .port = 500 };

	(void)state;
	want("duplicate=1");
	assert_int_equal(impair_send(from, &local, &nowhere, 0, hello,
				     sizeof(hello)), -EAFNOSUPPORT);
}

/* ----------------------------------------------------------------- payloads */

static const struct wire_hdr head = {
	.spi_i = 1, .exchange = IKE_EX_SA_INIT,
	.flags = IKE_FLAG_INITIATOR,
};

static void write_all(struct wire_enc *enc, const struct wire_hdr *hdr)
{
	static const uint8_t nonce[32];

	wire_enc_start(enc, hdr);
	wire_nonce_encode(enc, nonce, sizeof(nonce));
	wire_notify_encode(enc, IKE_N_MOBIKE_SUPPORTED, NULL, 0);
	wire_notify_encode(enc, IKE_N_INITIAL_CONTACT, NULL, 0);
	wire_vendor_encode(enc, nonce, 4);
	assert_true(wire_enc_finish(enc));
}

/* What is left of the four, by their types; a notify has that of its own. */
static void left(const char *list, const unsigned int *types, unsigned int n)
{
	struct wire_msg msg, inner = { .has_sk = true };
	struct wire_enc enc;

	want(list);
	write_all(&enc, &head);
	assert_int_equal(wire_msg_parse(enc.wr.data, enc.wr.len, &msg),
			 WIRE_OK);
	assert_int_equal(msg.n, n);
	for (unsigned int i = 0; i < n; i++) {
		const struct wire_payload *p = &msg.payload[i];

		assert_int_equal(p->type == IKE_PL_NOTIFY ?
				 (unsigned int)(p->body[2] << 8 | p->body[3]) :
				 p->type, types[i]);
	}
	wire_enc_free(&enc);

	/* Inside of SK there is no header. */
	write_all(&enc, NULL);
	assert_int_equal(enc.first, n ? msg.payload[0].type : IKE_PL_NONE);
	inner.sk_first = enc.first;
	assert_int_equal(wire_msg_parse_inner(&inner, enc.wr.data,
					      enc.wr.len), WIRE_OK);
	assert_int_equal(inner.n, n);
	wire_enc_free(&enc);
}

#define LEFT(list, ...) \
	left(list, (const unsigned int[]){ __VA_ARGS__ }, \
	     sizeof((const unsigned int[]){ __VA_ARGS__ }) / \
	     sizeof(unsigned int))

static void left_out(void **state)
{
	(void)state;
	LEFT("seed=1", IKE_PL_NONCE, IKE_N_MOBIKE_SUPPORTED,
	     IKE_N_INITIAL_CONTACT, IKE_PL_VENDOR);
	LEFT("omit=KE", IKE_PL_NONCE, IKE_N_MOBIKE_SUPPORTED,
	     IKE_N_INITIAL_CONTACT, IKE_PL_VENDOR);
	LEFT("omit=Nonce", IKE_N_MOBIKE_SUPPORTED, IKE_N_INITIAL_CONTACT,
	     IKE_PL_VENDOR);
	LEFT("omit=MOBIKE_SUPPORTED", IKE_PL_NONCE, IKE_N_INITIAL_CONTACT,
	     IKE_PL_VENDOR);
	LEFT("omit=N,omit=V", IKE_PL_NONCE);
	LEFT("omit=Nonce,omit=INITIAL_CONTACT,omit=V", IKE_N_MOBIKE_SUPPORTED);
	left("omit=Nonce,omit=N,omit=V", NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(without_anything),
		cmocka_unit_test(by_number),
		cmocka_unit_test(by_chance),
		cmocka_unit_test(late),
		cmocka_unit_test(kernel_says_no),
		cmocka_unit_test(left_out),
	};

	return cmocka_run_group_tests(tests, make_sockets, close_sockets);
}

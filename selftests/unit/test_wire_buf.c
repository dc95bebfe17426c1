// SPDX-License-Identifier: GPL-2.0
/* Reader, writer, addresses. */
#include "test_wire.h"

#include <netinet/in.h>
#include <stdio.h>

#include "wire/addr.h"
#include "wire/buf.h"

static void test_reader_reads(void **state)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
					13, 14, 15, 16, 17 };
	struct wire_rd rd, sub;
	uint8_t two[2];

	(void)state;
	wire_rd_init(&rd, data, sizeof(data));
	assert_int_equal(wire_rd_u8(&rd), 0x01);
	assert_int_equal(wire_rd_u16(&rd), 0x0203);
	assert_int_equal(wire_rd_u32(&rd), 0x04050607);
	assert_true(wire_rd_u64(&rd) == 0x08090a0b0c0d0e0f);
	sub = wire_rd_sub(&rd, 1);
	assert_int_equal(wire_rd_u8(&sub), 16);
	assert_int_equal(wire_rd_u8(&sub), 0);
	assert_true(sub.bad);
	assert_false(rd.bad);
	assert_int_equal(rd.left, 1);
	wire_rd_copy(&rd, two, 2);
	assert_true(rd.bad);
	assert_memory_equal(two, "\0\0", 2);
}

static void test_reader_stays_bad(void **state)
{
	static const uint8_t data[] = { 1, 2, 3 };
	struct wire_rd rd;

	(void)state;
	wire_rd_init(&rd, data, sizeof(data));
	assert_int_equal(wire_rd_u32(&rd), 0);
	assert_true(rd.bad);
	assert_int_equal(wire_rd_u8(&rd), 0);
	assert_null(wire_rd_bytes(&rd, 0));
	assert_null(wire_rd_bytes(&rd, SIZE_MAX));
	wire_rd_init(&rd, NULL, 0);
	assert_non_null(wire_rd_bytes(&rd, 0));
	assert_false(rd.bad);
}

static void test_writer_grows(void **state)
{
	struct wire_wr wr = { 0 };
	uint8_t *data;
	size_t len;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++)
		wire_wr_u8(&wr, (uint8_t)i);
	assert_false(wr.bad);
	assert_int_equal(wr.len, 20000);
	for (unsigned int i = 0; i < 20000; i++)
		assert_int_equal(wr.data[i], (uint8_t)i);
	wire_wr_set_u16(&wr, 19998, 0xbeef);
	assert_int_equal(wr.data[19999], 0xef);
	data = wire_wr_take(&wr, &len);
	assert_int_equal(len, 20000);
	assert_int_equal(wr.len, 0);
	wire_free(data, len);
}

static void test_writer_limits(void **state)
{
	struct wire_wr wr = { 0 };
	size_t len = 1;

	(void)state;
	assert_non_null(wire_wr_zero(&wr, WIRE_WR_MAX));
	wire_wr_u8(&wr, 1);
	assert_true(wr.bad);
	assert_null(wire_wr_zero(&wr, 1));
	assert_null(wire_wr_take(&wr, &len));
	assert_int_equal(len, 0);

	assert_null(wire_wr_take(&wr, &len));
	wire_wr_set_u16(&wr, 0, 1);
	assert_true(wr.bad);
	wire_wr_free(&wr);
	wire_wr_u8(&wr, 1);
	wire_wr_set_u32(&wr, 0, 1);
	assert_true(wr.bad);
	wire_wr_free(&wr);
	wire_wr_bytes(&wr, "x", SIZE_MAX);
	assert_true(wr.bad);
	wire_wr_free(&wr);
}

static void test_addr_text(void **state)
{
	static const char *const good[] = { "192.0.2.1", "2001:db8::1", "::",
					    "0.0.0.0", "255.255.255.255" };
	static const char *const bad[] = { "", "192.0.2", "192.0.2.256",
					   " 192.0.2.1", "192.0.2.1 ", "fe80::1%lo",
					   "1:2:3:4:5:6:7:8:9", "host" };
	char text[WIRE_ADDR_TEXT], ep_text[WIRE_ENDPOINT_TEXT];
	struct wire_endpoint ep = { .port = 65535 };
	struct wire_addr addr;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(wire_addr_parse(&addr, good[i]));
		assert_string_equal(wire_addr_text(&addr, text), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(wire_addr_parse(&addr, bad[i]));
		assert_string_equal(wire_addr_text(&addr, text), "none");
	}
	wire_addr_parse(&ep.addr, "1111:2222:3333:4444:5555:6666:7777:8888");
	assert_string_equal(wire_endpoint_text(&ep, ep_text),
			    "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
	wire_addr_parse(&ep.addr, "192.0.2.1");
	assert_string_equal(wire_endpoint_text(&ep, ep_text),
			    "192.0.2.1:65535");
}

static void test_addr_kind(void **state)
{
	static const struct {
		const char *text;
		enum wire_addr_kind kind;
	} cases[] = {
		{ "10.0.0.1", WIRE_ADDR_UNICAST },
		{ "223.255.255.255", WIRE_ADDR_UNICAST },
		{ "0.0.0.0", WIRE_ADDR_UNSPECIFIED },
		{ "0.1.2.3", WIRE_ADDR_UNSPECIFIED },
		{ "127.0.0.1", WIRE_ADDR_LOOPBACK },
		{ "169.254.1.1", WIRE_ADDR_LINK_LOCAL },
		{ "224.0.0.1", WIRE_ADDR_MULTICAST },
		{ "240.0.0.1", WIRE_ADDR_BROADCAST },
		{ "255.255.255.255", WIRE_ADDR_BROADCAST },
		{ "2001:db8::1", WIRE_ADDR_UNICAST },
		{ "::", WIRE_ADDR_UNSPECIFIED },
		{ "::1", WIRE_ADDR_LOOPBACK },
		{ "::2", WIRE_ADDR_MAPPED },
		{ "::ffff:192.0.2.1", WIRE_ADDR_MAPPED },
		{ "fe80::1", WIRE_ADDR_LINK_LOCAL },
		{ "febf::1", WIRE_ADDR_LINK_LOCAL },
		{ "fec0::1", WIRE_ADDR_UNICAST },
		{ "ff02::1", WIRE_ADDR_MULTICAST },
	};
	struct wire_addr addr = { 0 };

	(void)state;
	assert_int_equal(wire_addr_kind(&addr), WIRE_ADDR_UNSPECIFIED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(wire_addr_parse(&addr, cases[i].text));
		assert_int_equal(wire_addr_kind(&addr), cases[i].kind);
	}
}

static void test_addr_prefix(void **state)
{
	struct wire_addr a, b, v6;

	(void)state;
	wire_addr_parse(&a, "192.0.2.129");
	wire_addr_parse(&b, "192.0.2.128");
	wire_addr_parse(&v6, "2001:db8::");
	assert_true(wire_addr_in_prefix(&a, &b, 0));
	assert_true(wire_addr_in_prefix(&a, &b, 24));
	assert_true(wire_addr_in_prefix(&a, &b, 31));
	assert_false(wire_addr_in_prefix(&a, &b, 32));
	assert_true(wire_addr_in_prefix(&a, &a, 32));
	assert_false(wire_addr_in_prefix(&a, &a, 33));
	assert_false(wire_addr_in_prefix(&a, &v6, 0));
	wire_addr_parse(&b, "192.0.2.0");
	assert_false(wire_addr_in_prefix(&a, &b, 25));
	wire_addr_parse(&a, "2001:db8:ffff::1");
	assert_true(wire_addr_in_prefix(&a, &v6, 32));
	assert_false(wire_addr_in_prefix(&a, &v6, 33));
	assert_true(wire_addr_in_prefix(&a, &a, 128));
	assert_false(wire_addr_in_prefix(&a, &a, UINT32_MAX));
}

static void test_addr_order(void **state)
{
	struct wire_addr a, b, none = { 0 };

	(void)state;
	wire_addr_parse(&a, "9.255.255.255");
	wire_addr_parse(&b, "10.0.0.0");
	assert_true(wire_addr_cmp(&a, &b) < 0);
	assert_true(wire_addr_cmp(&b, &a) > 0);
	assert_true(wire_addr_cmp(&none, &a) < 0);
	assert_true(wire_addr_equal(&a, &a));
	wire_addr_parse(&a, "::");
	assert_true(wire_addr_cmp(&b, &a) < 0);
}

static void test_sockaddr(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un { sa_family_t family; } un = { AF_UNIX };
	struct sockaddr_storage ss;
	struct wire_endpoint ep, back;
	socklen_t len;

	(void)state;
	ep.port = 4500;
	wire_addr_parse(&ep.addr, "192.0.2.1");
	len = wire_endpoint_to_sockaddr(&ep, &ss);
	assert_int_equal(len, sizeof(struct sockaddr_in));
	assert_true(wire_endpoint_from_sockaddr(&back, (struct sockaddr *)&ss,
						len));
	assert_true(wire_endpoint_equal(&ep, &back));
	assert_false(wire_endpoint_from_sockaddr(&back, (struct sockaddr *)&ss,
						 len - 1));

	in6.sin6_port = htons(4500);
	memcpy(in6.sin6_addr.s6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1",
	       16);
	assert_true(wire_endpoint_from_sockaddr(&back, (struct sockaddr *)&in6,
						sizeof(in6)));
	assert_true(wire_endpoint_equal(&ep, &back));

	wire_addr_parse(&ep.addr, "2001:db8::1");
	len = wire_endpoint_to_sockaddr(&ep, &ss);
	assert_true(wire_endpoint_from_sockaddr(&back, (struct sockaddr *)&ss,
						len));
	assert_true(wire_endpoint_equal(&ep, &back));
	ep.addr.family = 0;
	assert_int_equal(wire_endpoint_to_sockaddr(&ep, &ss), 0);
	assert_false(wire_endpoint_from_sockaddr(&back, (struct sockaddr *)&un,
						 sizeof(un)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader_reads),
		cmocka_unit_test(test_reader_stays_bad),
		cmocka_unit_test(test_writer_grows),
		cmocka_unit_test(test_writer_limits),
		cmocka_unit_test(test_addr_text),
		cmocka_unit_test(test_addr_kind),
		cmocka_unit_test(test_addr_prefix),
		cmocka_unit_test(test_addr_order),
		cmocka_unit_test(test_sockaddr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0
/* Batch files, output, the control socket, and what `check` reads. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/xfrm.h>

#include <cmocka.h>

#include "cli/check.h"

#define WORDS 8

static int split(const char *text, char line[256], char **words)
{
	const char *why;

	snprintf(line, 256, "%s", text);
	return cli_split(line, words, WORDS, &why);
}

static void test_split(void **state)
{
	char line[256], *w[WORDS];

	(void)state;
	assert_int_equal(split("", line, w), 0);
	assert_int_equal(split("  \t\r\n", line, w), 0);
	assert_int_equal(split("# a comment", line, w), 0);
	assert_int_equal(split(" a  b\t#c d", line, w), 2);
	assert_string_equal(w[1], "b");
	assert_int_equal(split("a#b", line, w), 1);
	assert_string_equal(w[0], "a#b");
	assert_int_equal(split("\"a b\"'c \"d'e \"\"", line, w), 2);
	assert_string_equal(w[0], "a bc \"de");
	assert_string_equal(w[1], "");
	assert_int_equal(split("\"a\\\"\\\\\\x1b\\xzz\" b\\ c", line, w), 2);
	assert_string_equal(w[0], "a\"\\\033xzz");
	assert_string_equal(w[1], "b c");
	assert_int_equal(split("a \\ b \\\n", line, w), 2);
	assert_string_equal(w[1], "b");
	assert_int_equal(split("1 2 3 4 5 6 7 8", line, w), 8);
	assert_int_equal(split("1 2 3 4 5 6 7 8 9", line, w), -1);
	assert_int_equal(split("a \"b", line, w), -1);
	assert_int_equal(split("'", line, w), -1);
}

/* Whatever a line holds, splitting stays inside of it. */
static void test_split_noise(void **state)
{
	static const char alphabet[] = "ab\"'\\ x0#\t";
	char line[64], *w[64];
	const char *why;

	(void)state;
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		size_t len = (size_t)random() % 40;
		char *copy = malloc(len + 1);

		assert_non_null(copy);
		for (size_t j = 0; j < len; j++)
			copy[j] = alphabet[(size_t)random() %
					   (sizeof(alphabet) - 1)];
		copy[len] = '\0';
		snprintf(line, sizeof(line), "%s", copy);
		if (cli_split(copy, w, 64, &why) < 0 && !why)
			fail_msg("no reason for: %s", line);
		free(copy);
	}
}

static int batch(const char *text, char **messages)
{
	char path[] = "/tmp/mobx-batch-XXXXXX";
	struct cli c = { .out = stdout, .control = "/nonexistent/control" };
	size_t len;
	int fd = mkstemp(path);
	int ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	c.err = open_memstream(messages, &len);
	ret = cli_batch(&c, path);
	fclose(c.err);
	unlink(path);
	return ret;
}

static unsigned int lines_in(const char *text)
{
	unsigned int n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static void test_batch(void **state)
{
	char *messages;

	(void)state;
	assert_int_equal(batch("# nothing\n\n   \n", &messages), 0);
	assert_string_equal(messages, "");
	free(messages);
	/* each line is tried, the worst status is the result */
	assert_int_equal(batch("policy add order\n\nconn list\npeer 0\n",
			       &messages), CLI_REFUSED);
	assert_int_equal(lines_in(messages), 3);
	assert_non_null(strstr(messages, ":1: policy add: order is missing"));
	assert_non_null(strstr(messages, ":3: conn list: the agent"));
	assert_non_null(strstr(messages, ":4: peer add: "));
	free(messages);
	assert_int_equal(batch("policy add label \"x", &messages), CLI_SYNTAX);
	assert_non_null(strstr(messages, ":1: a quote is not closed"));
	free(messages);
}

/* No label reaches the terminal with its control characters. */
static void test_output_text(void **state)
{
	struct cli c = { .oneline = true };
	json_t *o = json_object(), *list = json_array();
	char *text;
	size_t len;

	(void)state;
	c.out = open_memstream(&text, &len);
	out_str(o, "label", "\033[31mred\n");
	out_str(o, "empty", "");
	out_str(o, "latin", "caf\xe9");
	out_u64(o, "huge", UINT64_MAX);
	out_flag(o, "yes", true);
	out_flag(o, "no", false);
	json_object_set_new(o, "nothing", json_null());
	json_array_append_new(list, json_pack("{s:i}", "spi_in", 5));
	json_object_set_new(o, "children", list);
	out_item(&c, "x", o);
	fclose(c.out);
	assert_string_equal(text,
			    "x label \"\\x1b[31mred\\x0a\" empty \"\" latin \"caf\\\\xe9\" huge 18446744073709551615 yes \\ child spi-in 5\n");
	free(text);
}

static void test_output_json(void **state)
{
	struct cli c = { .json = true };
	json_t *back;
	char *text;
	size_t len;

	(void)state;
	for (int pretty = 0; pretty < 2; pretty++) {
		c.pretty = pretty;
		c.out = open_memstream(&text, &len);
		out_begin(&c);
		out_item(&c, "x", json_pack("{s:i}", "a", 1));
		out_item(&c, "x", json_pack("{s:i}", "a", 2));
		out_end(&c);
		fclose(c.out);
		back = json_loads(text, 0, NULL);
		assert_int_equal(json_array_size(back), 2);
		json_decref(back);
		free(text);
		c.out = open_memstream(&text, &len);
		out_begin(&c);
		out_end(&c);
		fclose(c.out);
		assert_string_equal(text, "[]\n");
		free(text);
	}
}

static void test_reader(void **state)
{
	struct cli_reader r = { 0 };
	json_t *v;
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	r.fd = s[0];
	assert_int_equal(write(s[1], "{\"a\":1}\n{\"b\"", 12), 12);
	assert_int_equal(cli_reader_fill(&r), 12);
	assert_int_equal(cli_reader_line(&r, &v), 1);
	assert_int_equal(json_integer_value(json_object_get(v, "a")), 1);
	json_decref(v);
	assert_int_equal(cli_reader_line(&r, &v), 0);
	assert_int_equal(write(s[1], ":2}\nrubbish\n[]\n", 15), 15);
	assert_int_equal(cli_reader_fill(&r), 15);
	assert_int_equal(cli_reader_line(&r, &v), 1);
	json_decref(v);
	assert_int_equal(cli_reader_line(&r, &v), -EBADMSG);
	assert_int_equal(cli_reader_line(&r, &v), -EBADMSG);
	assert_int_equal(cli_reader_line(&r, &v), 0);
	close(s[1]);
	assert_int_equal(cli_reader_fill(&r), 0);
	cli_reader_free(&r);
	close(s[0]);
}

static void test_event(void **state)
{
	struct kern_event ev = { .cmd = MOBX_CMD_ACQUIRE, .proto = 17,
				 .local_port = 5, .remote_port = 7000,
				 .has_policy = true, .policy_order = 100 };
	struct cli c = { 0 };
	json_t *o;

	(void)state;
	wire_addr_parse(&ev.local, "10.0.0.1");
	wire_addr_parse(&ev.remote, "10.0.3.2");
	o = cli_event_json(&c, &ev);
	assert_string_equal(json_string_value(json_object_get(o, "event")),
			    "acquire");
	assert_string_equal(json_string_value(json_object_get(o, "remote")),
			    "10.0.3.2");
	assert_int_equal(json_integer_value(json_object_get(o, "order")), 100);
	assert_null(json_object_get(o, "peer"));
	assert_true(json_is_real(json_object_get(o, "time")));
	json_decref(o);
	ev = (struct kern_event){ .cmd = MOBX_CMD_BINDING_CHANGED, .peer = 3 };
	o = cli_event_json(&c, &ev);
	assert_true(json_is_true(json_object_get(o, "gone")));
	json_decref(o);
	ev = (struct kern_event){ .cmd = MOBX_CMD_PATH_HINT, .peer = 3,
				  .local_port = 4500, .remote_port = 4501 };
	o = cli_event_json(&c, &ev);
	assert_int_equal(json_integer_value(json_object_get(o, "encap_sport")),
			 4500);
	assert_int_equal(json_integer_value(json_object_get(o, "encap_dport")),
			 4501);
	json_decref(o);
}

static void test_ports(void **state)
{
	unsigned int port = 0;
	unsigned long inode = 0;

	(void)state;
	assert_true(check_port_of("  381: 00000000:01F4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 27441 2 0000000000000000 0\n",
				  &port, &inode));
	assert_int_equal(port, 500);
	assert_int_equal(inode, 27441);
	assert_true(check_port_of(" 1381: 00000000000000000000000000000000:1194 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 99 2 0 0\n",
				  &port, &inode));
	assert_int_equal(port, 4500);
	assert_int_equal(inode, 99);
	assert_false(check_port_of("   sl  local_address rem_address   st tx_queue\n",
				   &port, &inode));
}

static void xfrm(struct xfrm_userpolicy_info *x, uint8_t dir, const char *src,
		 uint8_t sbits, const char *dst, uint8_t dbits)
{
	*x = (struct xfrm_userpolicy_info){
		.dir = dir,
		.sel = { .family = AF_INET, .prefixlen_s = sbits,
			 .prefixlen_d = dbits },
	};
	inet_pton(AF_INET, src, &x->sel.saddr);
	inet_pton(AF_INET, dst, &x->sel.daddr);
}

static void test_overlap(void **state)
{
	struct xfrm_userpolicy_info x;
	struct kern_selector s;

	(void)state;
	kern_selector_any(&s);
	xfrm(&x, XFRM_POLICY_OUT, "10.0.0.1", 32, "10.0.3.2", 32);
	assert_true(check_overlap(&x, &s));
	wire_addr_parse(&s.remote, "10.0.3.0");
	s.remote_plen = 24;
	assert_true(check_overlap(&x, &s));
	s.remote.a[2] = 4;
	assert_false(check_overlap(&x, &s));
	s.remote.a[2] = 3;
	/* a range of addresses, up to the one before it, and to it */
	s.remote.a[2] = 2;
	wire_addr_parse(&s.remote_last, "10.0.3.1");
	assert_false(check_overlap(&x, &s));
	wire_addr_parse(&s.remote_last, "10.0.3.2");
	assert_true(check_overlap(&x, &s));
	s.remote.a[2] = 3;
	s.remote_last.family = 0;
	/* inbound, the source is the other end */
	x.dir = XFRM_POLICY_IN;
	assert_false(check_overlap(&x, &s));
	xfrm(&x, XFRM_POLICY_IN, "10.0.3.2", 32, "10.0.0.1", 32);
	assert_true(check_overlap(&x, &s));
	s.proto = 17;
	x.sel.proto = 6;
	assert_false(check_overlap(&x, &s));
	x.sel.proto = 17;
	s.remote_port_min = 7000;
	s.remote_port_max = 7010;
	assert_true(check_overlap(&x, &s));
	x.sel.sport = htons(80);
	x.sel.sport_mask = 0xffff;
	assert_false(check_overlap(&x, &s));
	x.sel.sport = htons(7010);
	assert_true(check_overlap(&x, &s));
	x.sel.family = AF_INET6;
	assert_false(check_overlap(&x, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_noise),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_output_text),
		cmocka_unit_test(test_output_json),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

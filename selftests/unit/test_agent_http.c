// SPDX-License-Identifier: GPL-2.0
/* One request to a web server, which may do what it likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/http.h"

#define MAX 1000

static struct event_base *base;
static int listener;
static char uri[64];

/* A server of one connection that says what it is told and closes. */
static const char *to_say;
static size_t to_say_len;
static bool keeps_open;
static char heard[2000];
static int client = -1;

static void on_client(evutil_socket_t fd, short what, void *arg)
{
	ssize_t n = recv(fd, heard, sizeof(heard) - 1, 0);

	(void)what;
	(void)arg;
	heard[n > 0 ? n : 0] = '\0';
	if (to_say)
		assert_int_equal(send(fd, to_say, to_say_len, MSG_NOSIGNAL),
				 (ssize_t)to_say_len);
	if (!keeps_open)
		shutdown(fd, SHUT_WR);
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	(void)arg;
	client = accept(fd, NULL, NULL);
	assert_true(client >= 0);
	event_base_once(base, client, EV_READ, on_client, NULL, NULL);
}

/* ------------------------------------------------------------------- asking */

static unsigned int told;
static uint8_t got[MAX];
static size_t got_len;
static char why[200];

static void done(void *ctx, const uint8_t *answer, size_t len,
		 const char *reason)
{
	assert_ptr_equal(ctx, &told);
	assert_true(!len == !!reason);
	assert_true(len <= MAX);
	told++;
	got_len = len;
	if (len)
		memcpy(got, answer, len);
	snprintf(why, sizeof(why), "%s", reason ? reason : "");
}

static void ask_at(const char *at, const char *say, size_t len)
{
	const struct http_post post = {
		.uri = at, .type = "application/ocsp-request",
		.body = (const uint8_t *)"quest\0ion", .len = 9, .max = MAX,
		.done = done, .ctx = &told,
	};
	struct event *ev = event_new(base, listener, EV_READ, on_accept, NULL);

	to_say = say;
	to_say_len = len;
	told = 0;
	heard[0] = '\0';
	event_add(ev, NULL);
	http_post(base, NULL, &post);
	while (!told)
		event_base_loop(base, EVLOOP_ONCE);
	/* What is freed afterwards, and nobody is told twice. */
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(told, 1);
	event_free(ev);
	if (client >= 0)
		close(client);
	client = -1;
}

static void ask(const char *say)
{
	ask_at(uri, say, strlen(say));
}

static int make_server(void **state)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);

	(void)state;
	base = event_base_new();
	listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&sin, &len),
			 0);
	snprintf(uri, sizeof(uri), "http://127.0.0.1:%u/a/b?c=d",
		 ntohs(sin.sin_port));
	return 0;
}

static int close_server(void **state)
{
	(void)state;
	close(listener);
	event_base_free(base);
	return 0;
}

static void uris(void **state)
{
	static const char *const good[] = {
		"http://a", "HTTP://a.example:80/", "http://192.0.2.1/x?y=z",
		"http://[2001:db8::1]:8080/ocsp",
	};
	static const char *const bad[] = {
		"", "a", "/a", "https://a", "ldap://a", "http:///x", "http://",
		"http://a:0/", "http://a:99999/", "http://me:you@a/",
		"http://a/\r\nX: y", "http://a b/", "http://[::1",
		"http://a%41/", "http://a%25lo/", "http://[fe80::1%25lo]/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!http_uri_ok(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (http_uri_ok(bad[i]))
			fail_msg("%s", bad[i]);
}

static void answered(void **state)
{
	(void)state;
	ask("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	assert_string_equal(why, "");
	assert_int_equal(got_len, 5);
	assert_memory_equal(got, "hello", 5);
	assert_non_null(strstr(heard, "POST /a/b?c=d HTTP/1.1\r\n"));
	assert_non_null(strstr(heard, "\r\nHost: 127.0.0.1:"));
	assert_non_null(strstr(heard,
			       "\r\nContent-Type: application/ocsp-request\r\n"));
	assert_non_null(strstr(heard, "\r\nContent-Length: 9\r\n"));
	/* To the end of the connection, or in chunks. */
	ask("HTTP/1.0 200 OK\r\n\r\nhello");
	assert_int_equal(got_len, 5);
	ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
	assert_int_equal(got_len, 5);
}

static void not_answered(void **state)
{
	static const struct {
		const char *say;
		const char *why;
	} cases[] = {
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx",
		  "the web server refuses" },
		{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
		  "the web server refuses" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "is empty" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
		  "too long" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
		  "before the end" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello", "" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n",
		  "" },
		{ "SSH-2.0-OpenSSH\r\n", "" },
		{ "", "" },
	};
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(cases[i].say);
		assert_int_equal(got_len, 0);
		if (!strstr(why, cases[i].why))
			fail_msg("%zu: %s", i, why);
	}
	/* Without a length, and more than there may be; endless headers. */
	text = malloc(20000);
	memset(text, 'x', 20000);
	memcpy(text, "HTTP/1.0 200 OK\r\n\r\n", 19);
	ask_at(uri, text, 20000);
	assert_string_equal(why, "the answer is too long");
	memcpy(text, "HTTP/1.0 200 OK\r\nX: ", 20);
	ask_at(uri, text, 20000);
	assert_int_equal(got_len, 0);
	free(text);
}

static void nobody_there(void **state)
{
	(void)state;
	ask_at("http://127.0.0.1:1/", "", 0);
	assert_string_equal(why, "cannot be reached");
	/* No name servers, and no TLS. */
	ask_at("https://127.0.0.1/", "", 0);
	assert_string_equal(why, "not a URI of HTTP");
}

static void no_end(void **state)
{
	time_t start = time(NULL);

	(void)state;
	keeps_open = true;
	ask("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
	assert_string_equal(why, "no answer in time");
	assert_in_range(time(NULL) - start, HTTP_SECONDS - 1,
			HTTP_SECONDS + 3);
	keeps_open = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uris),
		cmocka_unit_test(answered),
		cmocka_unit_test(not_answered),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(no_end),
	};

	return cmocka_run_group_tests(tests, make_server, close_server);
}

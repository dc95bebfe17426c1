// SPDX-License-Identifier: GPL-2.0
/* The agent's control socket: a JSON object a line, both ways. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

/* Longer than the agent tries to reach a peer that does not answer. */
#define ANSWER_MS 120000
#define LINE_MAX_OCTETS (16U << 20)

int cli_control_open(const struct cli *c, char *err, size_t errlen)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(c->control) >= sizeof(to.sun_path)) {
		snprintf(err, errlen, "control socket %s: the path is too long",
			 c->control);
		return -ENAMETOOLONG;
	}
	memcpy(to.sun_path, c->control, strlen(c->control) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	ret = -errno;
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		snprintf(err, errlen, "the agent does not run (no answer at %s): systemctl start mobxd",
			 c->control);
	else
		snprintf(err, errlen, "control socket %s: %s%s", c->control,
			 strerror(-ret),
			 ret == -EACCES ? " (run it as root)" : "");
	if (fd >= 0)
		close(fd);
	return ret;
}

int cli_control_send(int fd, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t len, done = 0;
	int ret = 0;

	json_decref(request);
	if (!text)
		return -ENOMEM;
	len = strlen(text);
	text[len++] = '\n';	/* takes the place of the closing NUL */
	while (!ret && done < len) {
		ssize_t n = send(fd, text + done, len - done, MSG_NOSIGNAL);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			ret = -errno;
	}
	free(text);
	return ret;
}

ssize_t cli_reader_fill(struct cli_reader *r)
{
	ssize_t n;

	if (r->len == r->room) {
		size_t room = r->room ? 2 * r->room : 4096;
		char *buf;

		if (room > LINE_MAX_OCTETS)
			return -EMSGSIZE;
		buf = realloc(r->buf, room);
		if (!buf)
			return -ENOMEM;
		r->buf = buf;
		r->room = room;
	}
	do {
		n = read(r->fd, r->buf + r->len, r->room - r->len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	r->len += (size_t)n;
	return n;
}

int cli_reader_line(struct cli_reader *r, json_t **value)
{
	char *end = r->len ? memchr(r->buf, '\n', r->len) : NULL;
	size_t len;

	if (!end)
		return 0;
	len = (size_t)(end - r->buf);
	*value = json_loadb(r->buf, len, 0, NULL);
	r->len -= len + 1;
	memmove(r->buf, end + 1, r->len);
	if (*value && json_is_object(*value))
		return 1;
	json_decref(*value);
	*value = NULL;
	return -EBADMSG;
}

void cli_reader_free(struct cli_reader *r)
{
	free(r->buf);
	*r = (struct cli_reader){ .fd = -1 };
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Wait for one line; NULL (message printed) if it does not come. */
static json_t *take_answer(const struct cli *c, int fd)
{
	struct cli_reader r = { .fd = fd };
	int64_t until = now_ms() + ANSWER_MS;
	json_t *answer = NULL;
	int ret = 0;

	while (!ret) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = until - now_ms();
		ssize_t n;

		ret = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (ret < 0 && errno == EINTR) {
			ret = 0;
			continue;
		}
		if (ret <= 0) {
			cli_refused(c, "the agent does not answer");
			break;
		}
		n = cli_reader_fill(&r);
		if (n <= 0) {
			cli_refused(c, "the agent has closed the connection%s%s",
				    n ? ": " : "", n ? strerror((int)-n) : "");
			break;
		}
		ret = cli_reader_line(&r, &answer);
		if (ret < 0)
			cli_refused(c, "the agent's answer makes no sense");
	}
	cli_reader_free(&r);
	return answer;
}

int cli_control(struct cli *c, json_t *request, json_t **data)
{
	char err[256];
	int fd = cli_control_open(c, err, sizeof(err));
	json_t *answer = NULL;
	const char *why;
	int ret;

	if (fd < 0) {
		json_decref(request);
		return cli_refused(c, "%s", err);
	}
	ret = cli_control_send(fd, request);
	if (ret)
		cli_refused(c, "the agent does not listen: %s", strerror(-ret));
	else
		answer = take_answer(c, fd);
	close(fd);
	if (!answer)
		return CLI_REFUSED;
	ret = 0;
	if (!json_is_true(json_object_get(answer, "ok"))) {
		why = json_string_value(json_object_get(answer, "error"));
		ret = cli_refused(c, "%s", why ? why : "refused by the agent");
	} else if (data) {
		*data = json_incref(json_object_get(answer, "data"));
	}
	json_decref(answer);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the user: path add, del and use. They are carried out one after
 * the other; each is looked at anew whenever something has been done, until
 * what it wanted is true.
 */
#include "mobike/session.h"

#include <errno.h>
#include <string.h>

#define FOREVER UINT64_MAX
/* Requests that one command may take; two are usual. */
#define MAX_REQUESTS 8

/**
 * mx_command_end() - the command at the head of the queue is finished
 * @s: session
 * @err: 0 or a negative errno
 * @text: why it failed; with 0 not looked at
 */
void mx_command_end(struct mx_session *s, int err, const char *text)
{
	uint64_t reply;

	if (!s->n_cmd)
		return;
	reply = s->cmd[0].reply;
	memmove(&s->cmd[0], &s->cmd[1], sizeof(s->cmd[0]) * --s->n_cmd);
	ike_sa_cmd_done(s->sa, reply, err, "%s", err ? text : "");
}

/** mx_commands_drop() - the connection ends */
void mx_commands_drop(struct mx_session *s)
{
	while (s->n_cmd)
		mx_command_end(s, -ECONNRESET, "the connection has ended");
}

/**
 * mx_command() - a command has come (ike_ext_ops.path_cmd)
 * @s: session
 * @cmd: the command
 */
void mx_command(struct mx_session *s, const struct ike_ev_path_cmd *cmd)
{
	if (s->n_cmd == MX_MAX_CMDS) {
		ike_sa_cmd_done(s->sa, cmd->reply, -EBUSY,
				"%u path commands are waiting already",
				s->n_cmd);
		return;
	}
	s->cmd[s->n_cmd++] = (struct mx_cmd){
		.verb = cmd->verb,
		.local = cmd->local,
		.hard = cmd->hard,
		.reply = cmd->reply,
	};
	mx_steer(s);
}

static const char *const no_mobikex =
	"the peer does not speak MOBIKE-X: with RFC 4555 there is one path, "
	"and 'path use' moves it";
static const char *const not_usable =
	"not an address of this host that reaches the peer now: is its link "
	"up, and is there a route from it?";

static bool finish(struct mx_session *s, int err, const char *text)
{
	mx_command_end(s, err, text);
	return true;
}

static bool step_add(struct mx_session *s, struct mx_cmd *cmd,
		     const struct mx_path *p, const struct mx_cand *c)
{
	if (p && p->state == MOBIKEX_VALID)
		return finish(s, 0, NULL);
	if (!s->mobikex)
		return finish(s, -EOPNOTSUPP, no_mobikex);
	if (!c)
		return finish(s, -EADDRNOTAVAIL, not_usable);
	if (s->own.n >= s->max_paths)
		return finish(s, -ENOSPC,
			      "as many paths as agreed with the "
			      "peer are in use: remove one first");
	cmd->begun++;
	mx_shun(s, &cmd->local, 0);
	if (p)
		mx_ask_query(s);
	else
		mx_ask_add(s, c, true);
	return true;
}

static bool step_use(struct mx_session *s, struct mx_cmd *cmd,
		     const struct mx_path *p, const struct mx_cand *c)
{
	uint16_t primary = mx_set_primary(&s->own)->id;

	if (!c)
		return finish(s, -EADDRNOTAVAIL, not_usable);
	s->pinned = true;
	if (wire_addr_equal(&s->suspect, &cmd->local))
		s->suspect.family = 0;
	if (p && p->id == primary)
		return finish(s, 0, NULL);
	if (!s->mobikex && !s->sa->first_initiator)
		return finish(s, -EOPNOTSUPP,
			      "with RFC 4555 only the side "
			      "that set up the connection "
			      "moves");
	cmd->begun++;
	mx_shun(s, &cmd->local, 0);
	if (cmd->hard || !s->mobikex)
		mx_ask_hard(s, p ? p->id : primary, c, true);
	else if (p && p->state == MOBIKEX_VALID)
		mx_ask_primary(s, p->id, true);
	else if (p)
		mx_ask_query(s);
	else if (s->own.n < s->max_paths)
		mx_ask_add(s, c, true);
	else
		return finish(s, -ENOSPC,
			      "as many paths as agreed with the "
			      "peer are in use: remove one first");
	return true;
}

/* The best of the other paths, to be primary when @id goes. */
static const struct mx_path *heir(const struct mx_session *s, uint16_t id)
{
	const struct mx_path *best = NULL;

	for (unsigned int i = 0; i < s->own.n; i++) {
		const struct mx_path *p = &s->own.path[i];

		if (p->id == id || p->state != MOBIKEX_VALID ||
		    !mx_cand_find(s->cand, s->n_cand, &p->addr))
			continue;
		if (!best || p->preference < best->preference)
			best = p;
	}
	return best;
}

static bool step_del(struct mx_session *s, struct mx_cmd *cmd,
		     const struct mx_path *p)
{
	const struct mx_path *next;

	if (!p)
		return finish(s, cmd->begun ? 0 : -ENOENT,
			      "no path of this connection has that address");
	if (!s->mobikex)
		return finish(s, -EOPNOTSUPP, no_mobikex);
	if (p->flags & MOBIKEX_F_PRIMARY) {
		next = heir(s, p->id);
		if (!next)
			return finish(s, -EBUSY,
				      "the only path that works "
				      "cannot be removed; 'conn "
				      "down' ends the connection");
		cmd->begun++;
		if (cmd->hard)
			mx_ask_hard(s, next->id,
				    mx_cand_find(s->cand, s->n_cand,
						 &next->addr),
				    true);
		else
			mx_ask_primary(s, next->id, true);
		return true;
	}
	if (!cmd->hard && s->drain_id == p->id &&
	    s->drain_until > ike_sa_now(s->sa)) {
		s->again_at = s->drain_until;
		return false;
	}
	cmd->begun++;
	/* Else the path manager would bring it back. */
	mx_shun(s, &cmd->local, FOREVER);
	mx_ask_remove(s, &p->id, 1, true);
	return true;
}

/* From which of its addresses, and where the peer has told that it is as well. */
static const struct mx_cand *opening(struct mx_session *s,
				     const struct wire_addr *local)
{
	unsigned int n = mx_others_find(s);

	return mx_set_has_family(&s->peer, local->family) ?
		       NULL :
		       mx_cand_find(s->other, n, local);
}

/**
 * mx_command_step() - bring the oldest command forward
 * @s: session with no request under way
 *
 * Return: whether something was done; false: no command, or it waits.
 */
bool mx_command_step(struct mx_session *s)
{
	const struct mx_path *p;
	const struct mx_cand *c;
	struct mx_cmd *cmd = &s->cmd[0];

	if (!s->n_cmd)
		return false;
	if (cmd->begun > MAX_REQUESTS)
		return finish(s, -EAGAIN, "the paths change too fast: try "
					  "again");
	p = mx_set_by_addr(&s->own, &cmd->local);
	c = mx_cand_find(s->cand, s->n_cand, &cmd->local);
	switch (cmd->verb) {
	case IKE_PATH_ADD:
		return step_add(s, cmd, p,
				c ? c : opening(s, &cmd->local));
	case IKE_PATH_USE:
		return step_use(s, cmd, p, c);
	case IKE_PATH_DEL:
		break;
	}
	return step_del(s, cmd, p);
}

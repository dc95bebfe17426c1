// SPDX-License-Identifier: GPL-2.0
#include "agent/status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/worker.h"
#include "kern/names.h"
#include "wire/ike_const.h"
#include "wire/text.h"

#define ID_TEXT (IKE_MAX_ID * 4 + 16)

static void set_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, text && *text ? wire_text_json(text) :
						    json_null());
}

static void set_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void set_ms(json_t *o, const char *key, uint64_t us)
{
	json_object_set_new(o, key, us ? json_real((double)us / 1000.0) :
					 json_null());
}

static void set_id(json_t *o, const char *key, const struct ike_id *id)
{
	char text[ID_TEXT];

	set_text(o, key, id->type ? ike_id_text(id, text, sizeof(text)) : NULL);
}

static void set_endpoint(json_t *o, const char *key,
			 const struct wire_endpoint *ep)
{
	char text[WIRE_ENDPOINT_TEXT];

	set_text(o, key, ep->addr.family ? wire_endpoint_text(ep, text) : NULL);
}

static void set_transform(json_t *o, const char *key, unsigned int type,
			  uint16_t id, unsigned int bits)
{
	const char *name = id || type != IKE_TT_INTEG ?
				   ike_transform_name(type, id) : NULL;
	char text[64];

	if (name && bits) {
		snprintf(text, sizeof(text), "%s-%u", name, bits);
		name = text;
	}
	set_text(o, key, name);
}

static json_t *status_addke(const struct crypto_suite *s)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < CRYPTO_MAX_ADDKE; i++)
		if (s->addke[i])
			json_array_append_new(list, json_string(
				ike_transform_name(IKE_TT_KE, s->addke[i])));
	return list;
}

static json_t *status_ike(const struct ike_status *s)
{
	/* Who is behind one. */
	static const char *const nats[] = { NULL, "local", "remote", "both" };
	char spi[20];
	json_t *o;

	if (!s->spi_i)
		return json_null();
	o = json_object();
	snprintf(spi, sizeof(spi), "%016llx", (unsigned long long)s->spi_i);
	set_text(o, "spi_i", spi);
	snprintf(spi, sizeof(spi), "%016llx", (unsigned long long)s->spi_r);
	set_text(o, "spi_r", spi);
	set_transform(o, "enc", IKE_TT_ENCR, s->suite.encr, s->suite.key_bits);
	set_transform(o, "auth", IKE_TT_INTEG, s->suite.integ, 0);
	set_transform(o, "prf", IKE_TT_PRF, s->suite.prf, 0);
	set_transform(o, "ke", IKE_TT_KE, s->suite.ke, 0);
	json_object_set_new(o, "addke", status_addke(&s->suite));
	json_object_set_new(o, "ppk", json_boolean(s->ppk));
	json_object_set_new(o, "age_s",
			    json_integer((json_int_t)(s->age_us / 1000000)));
	if (s->rekey_us == IKE_NEVER)
		json_object_set_new(o, "rekey_s", json_null());
	else
		set_number(o, "rekey_s", s->rekey_us / 1000000);
	set_text(o, "nat", nats[s->nat_local + 2 * s->nat_remote]);
	set_ms(o, "t_ike_ms", s->t_ike_us);
	return o;
}

static json_t *status_child(const struct ike_status *s,
			    const struct ike_child_status *c)
{
	json_t *o = json_object();
	char spi[16];

	snprintf(spi, sizeof(spi), "0x%08x", c->spi_in);
	set_text(o, "spi_in", spi);
	snprintf(spi, sizeof(spi), "0x%08x", c->spi_out);
	set_text(o, "spi_out", spi);
	set_transform(o, "enc", IKE_TT_ENCR, c->suite.encr, c->suite.key_bits);
	set_transform(o, "auth", IKE_TT_INTEG, c->suite.integ, 0);
	set_text(o, "mode", kern_name(&kern_modes, s->conn->mode));
	set_number(o, "child", c->child);
	return o;
}

static json_t *status_path(const struct ike_path_status *p)
{
	char text[WIRE_ADDR_TEXT];
	json_t *o = json_object();

	set_number(o, "id", p->id);
	set_text(o, "local", wire_addr_text(&p->path.local, text));
	set_text(o, "remote", wire_addr_text(&p->path.remote, text));
	set_text(o, "state", kern_name(&kern_states, p->path.state));
	json_object_set_new(o, "primary",
			    json_boolean(p->path.flags &
					 MOBX_PATH_FLAGS_PRIMARY));
	json_object_set_new(o, "backup",
			    json_boolean(p->path.flags &
					 MOBX_PATH_FLAGS_BACKUP));
	set_number(o, "preference", p->path.preference);
	set_ms(o, "rtt_ms", p->rtt_us);
	json_object_set_new(o, "loss_percent", p->tests ?
			    json_real(p->loss / 10.0) : json_null());
	return o;
}

static json_t *status_idle(const struct ike_idle_status *p)
{
	char text[WIRE_ADDR_TEXT];
	json_t *o = json_object();

	set_number(o, "id", p->id);
	set_text(o, p->own ? "local" : "remote",
		 wire_addr_text(&p->addr, text));
	set_text(o, "state", "idle");
	set_ms(o, "rtt_ms", p->rtt_us);
	return o;
}

static json_t *status_addrs(const struct wire_addr *v, unsigned int n)
{
	char text[WIRE_ADDR_TEXT];
	json_t *list = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(list, json_string(
			wire_addr_text(&v[i], text)));
	return list;
}

static json_t *status_move(const struct ike_move_status *m)
{
	json_t *o;

	if (!m->kind[0])
		return json_null();
	o = json_object();
	set_text(o, "kind", m->kind);
	set_ms(o, "t_update_ms", m->t_update_us);
	set_ms(o, "t_rrc_ms", m->t_rrc_us);
	return o;
}

json_t *status_conn(const struct ike_status *s)
{
	static const char *const phases[] = {
		[IKE_CONN_DOWN] = "down",
		[IKE_CONN_CONNECTING] = "connecting",
		[IKE_CONN_IS_UP] = "up",
	};
	json_t *o = json_object(), *children = json_array();
	json_t *paths = json_array(), *idle = json_array();

	set_text(o, "name", s->conn->name);
	set_text(o, "role", s->conn->role == IKE_INITIATE ? "initiate" :
							    "respond");
	set_text(o, "state", phases[s->phase]);
	set_id(o, "local_id", &s->conn->local_id);
	set_id(o, "remote_id",
	       s->remote_id.type ? &s->remote_id : &s->conn->remote_id);
	set_endpoint(o, "local", &s->local);
	set_endpoint(o, "remote", &s->remote);
	set_number(o, "peer", s->peer);
	json_object_set_new(o, "ike", status_ike(s));
	for (unsigned int i = 0; i < s->nchildren; i++)
		json_array_append_new(children, status_child(s, &s->children[i]));
	json_object_set_new(o, "children", children);
	json_object_set_new(o, "virtual",
			    status_addrs(s->virtual.addr, s->virtual.n));
	json_object_set_new(o, "dns",
			    status_addrs(s->virtual.dns, s->virtual.ndns));
	json_object_set_new(o, "mobike", json_boolean(s->mobike));
	json_object_set_new(o, "mobikex", json_boolean(s->mobikex));
	for (unsigned int i = 0; i < s->npaths; i++)
		json_array_append_new(paths, status_path(&s->paths[i]));
	json_object_set_new(o, "paths", paths);
	for (unsigned int i = 0; i < s->nidle; i++)
		json_array_append_new(idle, status_idle(&s->idle[i]));
	json_object_set_new(o, "idle_paths", idle);
	json_object_set_new(o, "last_move", status_move(&s->move));
	return o;
}

json_t *status_report(const struct ike_report *r)
{
	json_t *o = json_object();
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	json_object_set_new(o, "time", json_real((double)ts.tv_sec +
						 (double)ts.tv_nsec / 1e9));
	set_text(o, "event", r->kind);
	set_text(o, "conn", r->conn);
	for (unsigned int i = 0; i < r->n; i++) {
		const struct ike_kv *kv = &r->kv[i];

		json_object_set_new(o, kv->key,
				    kv->is_number ? json_integer(kv->number) :
						    wire_text_json(kv->text));
	}
	return o;
}

struct count {
	json_int_t conns;
	json_int_t up;
};

static void count_conn(const struct ike_status *s, void *ctx)
{
	struct count *c = ctx;

	c->conns++;
	c->up += s->phase == IKE_CONN_IS_UP;
}

json_t *status_agent(const struct worker *w)
{
	json_t *o = json_object(), *addrs = json_array();
	struct count c = { 0 };

	ike_engine_status(w->engine, NULL, worker_now_us(), count_conn, &c);
	set_text(o, "version", MOBX_VERSION);
	set_number(o, "pid", (uint64_t)getppid());
	set_number(o, "uptime_s",
		   (worker_now_us() - w->started_us) / 1000000);
	set_number(o, "connections", (uint64_t)c.conns);
	set_number(o, "up", (uint64_t)c.up);
	for (unsigned int i = 0; i < w->naddrs; i++) {
		char text[WIRE_ADDR_TEXT];
		json_t *a = json_object();

		set_text(a, "local", wire_addr_text(&w->addrs[i].local, text));
		set_text(a, "remote",
			 wire_addr_text(&w->addrs[i].remote, text));
		set_text(a, "dev", w->addrs[i].ifname);
		set_number(a, "mtu", w->addrs[i].mtu);
		if (w->addrs[i].transient)
			json_object_set_new(a, "transient", json_true());
		json_array_append_new(addrs, a);
	}
	json_object_set_new(o, "addresses", addrs);
	return o;
}

static void add_counter(const struct ike_counter *c, void *ctx)
{
	json_t *o = json_object();

	set_text(o, "name", c->name);
	if (c->key)
		set_text(o, c->key, c->of);
	set_number(o, "value", c->value);
	json_array_append_new(ctx, o);
}

json_t *status_counters(const struct worker *w)
{
	json_t *list = json_array();

	ike_engine_counters(w->engine, add_counter, list);
	return list;
}

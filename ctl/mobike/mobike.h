/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MOBIKE (RFC 4555) and MOBIKE-X (Documentation/mobike-x.rst) as an extension
 * of the IKEv2 engine: pass mobike_ext to ike_engine_new().
 */
#ifndef MOBX_MOBIKE_MOBIKE_H
#define MOBX_MOBIKE_MOBIKE_H

#include "ike/sa.h"

extern const struct ike_ext_ops mobike_ext;

#endif /* MOBX_MOBIKE_MOBIKE_H */

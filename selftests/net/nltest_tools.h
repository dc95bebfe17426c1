/* SPDX-License-Identifier: GPL-2.0 */
/* What nltest.c does for other tests, on demand. */

static int make(const char *what)
{
	int err;

	if (!strcmp(what, "peer"))
		good_peer();
	else if (!strcmp(what, "sa"))
		sa(0x1000, MOBX_DIR_IN, 0);
	else if (!strcmp(what, "policy"))
		policy(10, MOBX_ACTION_PROTECT);
	else if (!strcmp(what, "discard"))
		conf(MOBX_A_CONF_DEFAULT_ACTION, MOBX_ACTION_DISCARD);
	else if (!strcmp(what, "nothing"))
		conf(MOBX_A_CONF_DEFAULT_ACTION, MOBX_ACTION_BYPASS);
	else
		return 2;
	err = talk();
	if (err)
		fprintf(stderr, "make %s: %s, \"%s\"\n", what, strerror(err),
			why);
	return err != 0;
}

/* Send good requests with octets changed; the kernel has to survive. */
static int fuzz(unsigned int seed, long n)
{
	unsigned long kinds[2] = { 0 };

	srand(seed);
	while (n-- > 0) {
		int hits = rand() % 4;
		uint32_t spi = 0x1000 + (uint32_t)(rand() % 4);

		switch (rand() % 6) {
		case 0:
			good_peer();
			break;
		case 1:
			rebind(1, (uint64_t)(rand() % 4));
			path((uint16_t)(rand() % 9), 2, V, P);
			path((uint16_t)(rand() % 9), 2, D, 0);
			break;
		case 2:
			sa(spi, MOBX_DIR_IN, 0);
			break;
		case 3:
			gcm(spi, MOBX_DIR_OUT, 20);
			put(MOBX_A_SA_FORCE, NULL, 0);
			lifetime(MOBX_A_LIFETIME_HARD_SECONDS, 1,
				 MOBX_A_LIFETIME_SOFT_PACKETS, 1);
			break;
		case 4:
			policy((uint32_t)(rand() % 4), (uint32_t)(rand() % 3));
			nest_end(nest(MOBX_A_POLICY_SELECTOR));
			break;
		default:
			begin(family, (uint8_t)(1 + rand() % MOBX_CMD_MAX), 0);
			put32(MOBX_A_PEER_ID, 1);
			break;
		}
		while (hits--)
			req[(size_t)NLMSG_HDRLEN + (size_t)rand() %
			    (req_len - NLMSG_HDRLEN)] = (uint8_t)rand();
		kinds[talk() != 0]++;
	}
	printf("# seed %u: %lu accepted, %lu refused\n", seed, kinds[0],
	       kinds[1]);
	return !kinds[0] || !kinds[1];
}

static int many_sas(uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		gcm(0x100000 + i, MOBX_DIR_OUT, 20);
		put(MOBX_A_SA_FORCE, NULL, 0);
		if (talk()) {
			fprintf(stderr, "SA %u: %s\n", i, why);
			return 1;
		}
	}
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void hammer_path(const uint32_t *local, const uint32_t *remote,
			uint32_t flags)
{
	size_t n = nest(MOBX_A_PEER_PATHS);

	put32(MOBX_A_PATH_LOCAL, *local);
	put32(MOBX_A_PATH_REMOTE, *remote);
	put32(MOBX_A_PATH_FLAGS, flags);
	nest_end(n);
}

static int hammer(unsigned int n, char **addresses)
{
	double *took = calloc(n, sizeof(*took));
	struct timespec t0, t1;
	uint64_t generation;
	uint32_t ip[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (inet_pton(AF_INET, addresses[i], &ip[i]) != 1)
			return 2;
	peer(MOBX_CMD_PEER_GET, 1);
	if (talk() || !took || !n)
		return 1;
	generation = value64(MOBX_A_PEER_GENERATION);
	for (i = 0; i < n; i++) {
		rebind(1, generation + i);
		/* The order of the paths changes too. */
		hammer_path(&ip[i % 2], &ip[2], P);
		hammer_path(&ip[!(i % 2)], &ip[2], 0);
		clock_gettime(CLOCK_MONOTONIC, &t0);
		if (talk() ||
		    value64(MOBX_A_PEER_GENERATION) != generation + i + 1) {
			fprintf(stderr, "rebind %u: %s\n", i, why);
			return 1;
		}
		clock_gettime(CLOCK_MONOTONIC, &t1);
		took[i] = (double)(t1.tv_sec - t0.tv_sec) * 1e6 +
			  (double)(t1.tv_nsec - t0.tv_nsec) / 1e3;
	}
	qsort(took, n, sizeof(*took), by_size);
	/* Microseconds, half of all rebinds took less. */
	printf("%.0f\n", took[n / 2]);
	free(took);
	return 0;
}

# SPDX-License-Identifier: GPL-2.0
#
# mobx: the module (kmod/), the agent and the command (ctl/), their tests.

VERSION := 0.1.0
# Builds for tests (IMPAIR=1) never meet those that are installed.
BUILD := build$(if $(IMPAIR),/impair)

# Which kernel the module is for: the running one when its headers are here,
# else the stock Debian kernel that the test rig boots. KVER=6.1 or 6.12 picks
# a kernel of the rig, KDIR any tree of headers.
KREL = $(eval KREL := $(shell if [ -n "$(KVER)" ]; then \
	scripts/kernel-release $(KVER); \
	elif [ -d /lib/modules/`uname -r`/build ]; then uname -r; \
	else scripts/kernel-release 6.1; fi))$(KREL)
KDIR ?= $(firstword $(wildcard /lib/modules/$(KREL)/build) \
	$(if $(filter debug kcsan uml,$(KVER)),$(shell scripts/kernel-release \
	--headers $(KVER))) /usr/src/linux-headers-$(KREL))

all: modules ctl

help:
	@echo 'all           module, agent and command'
	@echo 'modules       mobx.ko in build/modules/RELEASE; KVER=6.1|6.12|debug|kcsan|uml or KDIR=...; C=1 W=1; DEBUG=1'
	@echo '              (so for debug and uml): self-tests, or it does not load'
	@echo 'ctl           build/mobxd and build/mobx'
	@echo 'impair        build/impair/mobxd: for tests, it takes --impair, see mobxd(8)'
	@echo 'demo          two links, one mobile, no packet lost: see mobx at work (boots a VM);'
	@echo '              ARGS=--compare has strongSwan tell the same story behind it'
	@echo 'check         every test; the last line counts passed, failed and skipped (T="NAME..." picks,'
	@echo '              LONG=1 leaves nothing out, KVER=6.1 or 6.12 has all on one stock kernel)'
	@echo 'check-debug   the same in a VM with two CPUs, KASAN, lockdep, kmemleak (builds that kernel first); T="NAME..." picks'
	@echo 'check-interop beside strongSwan, libreswan and OpenIKED: a matrix of what works'
	@echo 'fuzz-esp      packets to the module, sealed and damaged, under the debug kernel (COUNT=100000 SEED=...)'
	@echo 'fuzz-netlink  requests to the module, made from its YAML description, the same way'
	@echo 'fuzz-ike      libFuzzer on all that reads what strangers write (SECONDS=60 a target, TARGET=...)'
	@echo 'model         check the model of the MOBIKE-X exchange (spin)'
	@echo 'torture       a peer that moves without end under traffic, audited on every link (MINUTES=10, KVER=debug|kcsan)'
	@echo 'soak          the same with namespaces that come and go, under the debug kernel (MINUTES=30)'
	@echo 'bench         measure; BENCH=datapath and the other scripts in selftests/bench,'
	@echo '              ARGS for their arguments, KVER for one kernel'
	@echo 'coverage      lines that the unit tests run, with a lower limit for what reads the network'
	@echo '              (ARGS=--missing names the lines that they do not)'
	@echo 'lint          checkpatch, sparse, W=1, gcc and clang warnings, man pages'
	@echo 'genl          netlink code from Documentation/netlink/specs/mobx.yaml'
	@echo 'coverage-ids  which rows of the behaviour checklists have tests (coverage-table: into Documentation)'
	@echo 'install       into DESTDIR (uninstall reverses it); the module by DKMS if that is here, else the built one'
	@echo 'deps          Debian packages that all this needs'
	@echo 'clean'

deps:
	@scripts/deps

# A new machine gets what is missing; elsewhere this only looks.
ready:
	@scripts/deps --check >/dev/null || scripts/deps

# ---------------------------------------------------------------- module

KOUT = $(BUILD)/modules/$(KREL)

# Built in a folder of links, so that two kernels' objects stand side by side;
# the finished module is moved into place in one step.
modules:
	@test -d "$(KDIR)" || { echo "no kernel headers at $(KDIR): run 'make deps'," \
		"or apt-get install linux-headers-$(KREL)"; exit 1; }
	@mkdir -p $(KOUT)/tree/kmod
	@find $(KOUT)/tree -type l -delete
	@ln -s $(CURDIR)/Kbuild $(CURDIR)/uapi $(KOUT)/tree/
	@ln -s $(CURDIR)/kmod/*.[ch] $(KOUT)/tree/kmod/
	+$(Q)$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR)/$(KOUT)/tree \
		$(if $(filter uml,$(KVER)),ARCH=um) \
		$(if $(filter uml debug,$(KVER)),DEBUG=1) modules
	@cp $(KOUT)/tree/mobx.ko $(KOUT)/mobx.ko.new
	@mv $(KOUT)/mobx.ko.new $(KOUT)/mobx.ko

# ------------------------------------------------------------- userspace

CC ?= gcc
PKGS := libnl-3.0 libnl-genl-3.0 libnl-route-3.0 libevent_core libevent_extra \
	libconfuse jansson libseccomp libcap-ng libcrypto
PKG_CFLAGS = $(eval PKG_CFLAGS := $(patsubst -I%,-isystem %, \
	$(shell pkg-config --cflags $(PKGS))))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)

WARN := -Wall -Wextra -Wshadow -Wconversion
CPPFLAGS_ALL = -D_GNU_SOURCE -DMOBX_VERSION='"$(VERSION)"' -Ictl -Iuapi \
	$(PKG_CFLAGS) $(CPPFLAGS) $(if $(IMPAIR),-DMOBX_IMPAIR)
CFLAGS ?= -O2 -g
HARDEN := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
CFLAGS_ALL = -std=gnu11 $(WARN) -MMD -MP
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)
# Not optimised: what is loaded for nothing is left out else, and not looked at.
SAN := -O0 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined

LIBS := kern mobike ike crypto wire
# $(1): folder of objects, $(2): part of ctl
objs = $(patsubst ctl/%.c,$(BUILD)/$(1)/%.o,$(sort $(wildcard ctl/$(2)/*.c)))
libs = $(foreach l,$(LIBS),$(BUILD)/$(1)lib$(l).a)

ctl: $(BUILD)/mobxd $(BUILD)/mobx

$(BUILD)/obj/%.o: ctl/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(HARDEN) $(CFLAGS) -c -o $@ $<

# Tests are of all that there is, the switches of builds for tests included.
$(BUILD)/san/%: IMPAIR := 1

$(BUILD)/san/%.o: ctl/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(SAN) -c -o $@ $<

# Archives are made anew, lest a source that has gone live on inside.
define archive
$$(BUILD)/$(2)lib$(3).a: $$(call objs,$(1),$(3))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
endef
$(foreach l,$(LIBS),$(eval $(call archive,obj,,$(l))))
$(foreach l,$(LIBS),$(eval $(call archive,san,san/,$(l))))

# Tests may reach into the two programs as well; their main() stays out.
define program_archive
$$(BUILD)/san/lib$(1).a: $$(filter-out %/main.o,$$(call objs,san,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
endef
$(eval $(call program_archive,agent))
$(eval $(call program_archive,cli))

$(BUILD)/mobxd: $(call objs,obj,agent) $(call libs,)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

$(BUILD)/mobx: $(call objs,obj,cli) $(call libs,)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

# --------------------------------------------------------------- tests

UNIT := $(patsubst selftests/unit/%.c,$(BUILD)/unit/%, \
	$(wildcard selftests/unit/test_*.c))
HELPERS := $(foreach d,net bench demo fuzz,$(patsubst selftests/$(d)/%.c, \
	$(BUILD)/$(d)/%,$(wildcard selftests/$(d)/*.c))) $(BUILD)/torture/torture
# What several unit tests share: every other .c there.
UNIT_SHARED := $(patsubst selftests/unit/%.c,$(BUILD)/san/unit/%.o, \
	$(filter-out selftests/unit/test_%,$(wildcard selftests/unit/*.c)))

$(BUILD)/san/unit/%.o: selftests/unit/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(CFLAGS) $(SAN) -c -o $@ $<

$(BUILD)/unit/%: $(BUILD)/san/unit/%.o $(UNIT_SHARED) \
		$(BUILD)/san/libagent.a $(BUILD)/san/libcli.a $(call libs,san/)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) -o $@ $^ -lcmocka $(PKG_LIBS) -lm

$(HELPERS): $(BUILD)/%: selftests/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(CFLAGS) -o $@ $(filter %.c,$^) \
		-Wl,--as-needed -lsctp -lcrypto -lpthread -lm
$(BUILD)/torture/torture: $(filter-out %/torture.c,$(wildcard selftests/torture/*.c)) \
		selftests/torture/torture.h

# Loaded by QEMU.
$(BUILD)/vm/count.so: selftests/vm/count.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(CFLAGS) -fvisibility=hidden -fPIC \
		-shared -o $@ $<

# Begun for each command in a namespace.
$(BUILD)/net/ns: CFLAGS_ALL += -static

$(BUILD)/fuzz/netlink_spec.h: Documentation/netlink/specs/mobx.yaml \
		selftests/fuzz/spec2c
	@mkdir -p $(@D)
	$(Q)selftests/fuzz/spec2c $< >$@.new && mv $@.new $@
$(BUILD)/fuzz/netlink: $(BUILD)/fuzz/netlink_spec.h
$(BUILD)/fuzz/netlink: CPPFLAGS_ALL += -I$(BUILD)/fuzz

.SECONDARY:
# Every object of userspace, linked or not: for warnings.
objects: $(patsubst ctl/%.c,$(BUILD)/obj/%.o,$(wildcard ctl/*/*.c)) \
	$(patsubst selftests/unit/%.c,$(BUILD)/san/unit/%.o,$(wildcard selftests/unit/*.c)) \
	$(BUILD)/san/agent/impair.o
units: $(UNIT)
# A mobxd for tests, which takes --impair, beside the one that is installed.
impair:
	+@$(MAKE) --no-print-directory IMPAIR=1 build/impair/mobxd
helpers: $(HELPERS) $(BUILD)/vm/count.so

# As many jobs as CPUs, unless the caller has chosen.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# $(MAKE) once more for the module, since the rig's kernels are other ones.
KERNELS = $(or $(KVER),6.1)
rig-build: ctl impair helpers
	+@for k in $(KERNELS); do $(MAKE) --no-print-directory modules KVER=$$k || \
		exit 1; done

# LONG=1: tests with all that they have, not a part that stands for it.
check check-debug: export MOBX_LONG := $(LONG)

# Each test on the kernel that it names, or all on one.
check check-interop: KERNELS = $(or $(KVER),6.1 uml)
check: ready
	+@$(MAKE) $(JOBS) --no-print-directory rig-build units KERNELS="$(KERNELS)"
	@selftests/run-all $(T)

# Which lines the unit tests run, at least 95 % of ctl/wire and 90 % of ctl/ike and
# ctl/mobike. Not optimised, lest lines merge. ARGS=--missing names the others.
coverage: ready
	+@$(MAKE) $(JOBS) --no-print-directory BUILD=$(BUILD)/cov CC=gcc \
		SAN='-O0 -g --coverage' units
	@scripts/coverage $(BUILD)/cov $(ARGS)

# Long tests with other IKE daemons, and a matrix of what works.
check-interop: ready
	+@$(MAKE) $(JOBS) --no-print-directory rig-build KERNELS="$(KERNELS)"
	@selftests/run-all interop

# Under a kernel that looks for bugs (memory, locks, leaks), unless one is named;
# so does what these need first.
FUZZERS := fuzz-esp fuzz-netlink
check-debug soak $(FUZZERS): export KVER := $(or $(KVER),debug)

check-debug: ready
	+@$(MAKE) $(JOBS) --no-print-directory rig-build
	@selftests/run-all $(or $(T),net)

# Fuzzers: COUNT cases, from SEED on.
SEED ?= $(shell od -An -N3 -tu4 /dev/urandom | tr -d ' ')
$(FUZZERS): COUNT ?= 100000
$(FUZZERS): ready
	+@$(MAKE) $(JOBS) --no-print-directory rig-build
	@selftests/vm/run -k $(KVER) -t $(or $(LIMIT),14400) -- \
		selftests/fuzz/run $(@:fuzz-%=%) $(SEED) $(COUNT)

# libFuzzer: everything of userspace that reads octets of strangers. TARGET is
# one of feed_targets; what is found is kept in build/fuzz-ike.
FUZZ_IKE := $(notdir $(patsubst %/.,%,$(wildcard selftests/fuzz/ike/*/.)))
FUZZ_IKE_SAN := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined \
	-fsanitize=address,undefined,fuzzer-no-link
fuzz-ike: ready
	+@$(MAKE) $(JOBS) --no-print-directory BUILD=$(BUILD)/clang CC=clang \
		SAN='$(FUZZ_IKE_SAN)' $(FUZZ_IKE:%=$(BUILD)/clang/fuzz-ike/%)
	@selftests/fuzz/ike/run $(or $(SECONDS),60) $(or $(TARGET),$(FUZZ_IKE))

$(BUILD)/fuzz-ike/%: selftests/fuzz/ike/fuzz.c $(UNIT_SHARED) \
		$(BUILD)/san/libagent.a $(BUILD)/san/libcli.a $(call libs,san/)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -Iselftests/unit -DTARGET=$* $(CFLAGS_ALL) $(SAN) \
		-fsanitize=fuzzer -o $@ $^ -lcmocka $(PKG_LIBS) -lm

# A peer that moves without end under all kinds of traffic.
TORTURE_debug := 60 100
TORTURE_kcsan := 60 100
torture: ready
	+@$(MAKE) $(JOBS) --no-print-directory rig-build
	@selftests/vm/run -k $(or $(KVER),6.1) -t $$((60 * $(or $(MINUTES),10) + 300)) -- \
		selftests/torture/run $$((60 * $(or $(MINUTES),10))) \
		$(or $(RATES),$(TORTURE_$(KVER)),1000 1000)

# The same, with namespaces that come and go and requests of the fuzzer.
soak: ready
	+@$(MAKE) $(JOBS) --no-print-directory rig-build
	@selftests/vm/run -k $(KVER) -t $$((60 * $(or $(MINUTES),30) + 600)) -- \
		selftests/torture/soak $$((60 * $(or $(MINUTES),30))) $(or $(RATES),100 100)

demo: ready
	+@$(MAKE) $(JOBS) --no-print-directory rig-build
	@selftests/demo/run $(ARGS)

BENCH ?= datapath
# The data path is measured on both kernels, unless one is named.
BENCH_KVER = $(or $(KVER),6.1 $(if $(filter datapath,$(BENCH)),6.12))
bench: ready
	@KVER="$(BENCH_KVER)" scripts/deps --check >/dev/null || \
		KVER="$(BENCH_KVER)" scripts/deps >&2
	+@$(MAKE) $(JOBS) --no-print-directory rig-build KERNELS="$(BENCH_KVER)" >&2
	@test -x selftests/bench/$(BENCH) || { echo "no selftests/bench/$(BENCH); there are:" \
		`cd selftests/bench && find . -maxdepth 1 -type f -perm -1 -printf '%f '`; exit 1; } >&2
	@selftests/bench/$(BENCH) $(ARGS)

model:
	@scripts/model $(BOUNDS)

lint: ready
	@scripts/lint

genl:
	@scripts/genl

coverage-ids:
	@scripts/coverage-ids

coverage-table:
	@scripts/coverage-ids --table >Documentation/coverage.rst

# ------------------------------------------------------------- install

prefix ?= /usr
sbindir ?= $(prefix)/sbin
mandir ?= $(prefix)/share/man
unitdir ?= /lib/systemd/system
compdir ?= $(prefix)/share/bash-completion/completions
srcdir := $(prefix)/src/mobx-$(VERSION)
MODDIR = /lib/modules/$(KREL)/updates
MANS := $(wildcard Documentation/man/*.[58])

# The sources go where DKMS looks, so that each new kernel gets the module; a
# host without DKMS gets the module that was built here for its kernel.
install: ctl
	$(if $(IMPAIR),$(error IMPAIR=1 is for tests and not to be installed))
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(unitdir) $(DESTDIR)$(compdir)
	install -d -m 755 $(DESTDIR)/etc/mobx
	install -m 755 $(BUILD)/mobxd $(BUILD)/mobx $(DESTDIR)$(sbindir)/
	install -m 644 dist/*.service $(DESTDIR)$(unitdir)/
	install -m 644 dist/bash-completion/mobx $(DESTDIR)$(compdir)/mobx
	install -m 600 dist/*.conf.example $(DESTDIR)/etc/mobx/
	$(foreach m,$(MANS),install -D -m 644 $(m) \
		$(DESTDIR)$(mandir)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m)) &&) true
	install -d $(DESTDIR)$(srcdir)/kmod $(DESTDIR)$(srcdir)/uapi/linux
	install -m 644 Kbuild LICENSE $(DESTDIR)$(srcdir)/
	sed 's/@VERSION@/$(VERSION)/' dkms.conf >$(DESTDIR)$(srcdir)/dkms.conf
	install -m 644 kmod/*.[ch] $(DESTDIR)$(srcdir)/kmod/
	install -m 644 uapi/linux/*.h $(DESTDIR)$(srcdir)/uapi/linux/
ifeq ($(DESTDIR),)
	if command -v dkms >/dev/null; then \
		dkms install mobx/$(VERSION) -k $(KREL) --force; \
	elif [ -e $(KOUT)/mobx.ko ]; then \
		install -D -m 644 $(KOUT)/mobx.ko $(MODDIR)/mobx.ko && depmod $(KREL); \
	else \
		echo "no module for $(KREL) was built: run 'make modules', or install dkms"; \
	fi
	if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
endif

uninstall:
	rm -f $(DESTDIR)$(sbindir)/mobxd $(DESTDIR)$(sbindir)/mobx
	rm -f $(patsubst dist/%,$(DESTDIR)$(unitdir)/%,$(wildcard dist/*.service))
	rm -f $(DESTDIR)$(compdir)/mobx
	rm -f $(patsubst dist/%,$(DESTDIR)/etc/mobx/%,$(wildcard dist/*.conf.example))
	rm -f $(foreach m,$(MANS),$(DESTDIR)$(mandir)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m)))
ifeq ($(DESTDIR),)
	if command -v dkms >/dev/null; then dkms remove mobx/$(VERSION) --all; fi
	rm -f /lib/modules/*/updates/mobx.ko
endif
	rm -rf $(DESTDIR)$(srcdir)
	rmdir $(DESTDIR)/etc/mobx 2>/dev/null || true

clean:
	rm -rf $(BUILD)

Q := $(if $(V),,@)
.PHONY: all help deps ready modules ctl objects units impair helpers rig-build check \
	check-debug coverage check-interop $(FUZZERS) fuzz-ike torture soak demo model \
	bench lint genl coverage-ids coverage-table install uninstall clean

-include $(shell find $(BUILD)/obj $(BUILD)/san $(BUILD)/net $(BUILD)/bench \
	$(BUILD)/demo $(BUILD)/fuzz $(BUILD)/torture -name '*.d' 2>/dev/null)

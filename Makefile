# Rollcast. `make help` lists the targets. Files are found by their place: a new
# lib/<room>/<noun>.c, cli/<verb>.c or tests/<room>/test_<file>.c needs no line here.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CFLAGS  ?= -O2 -g
PYTHON  ?= /usr/bin/python3

VERSION := 0.1.0

# msgpack-c is called `msgpack` by Debian 12 and Ubuntu 24.04, `msgpack-c` by Debian 13.
pkg      = $(shell pkg-config $(1) $(2) 2>/dev/null)
MSGPACK := $(if $(call pkg,--modversion,msgpack-c),msgpack-c,msgpack)

LIB_PKGS    := $(MSGPACK) openblas
DAEMON_PKGS := $(LIB_PKGS) libzmq yaml-0.1 libsystemd
CLI_PKGS    := $(LIB_PKGS) libzmq yaml-0.1
TEST_PKGS   := cmocka

ALL_CFLAGS   = -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Iinclude -I. -D_GNU_SOURCE -DROLLCAST_VERSION='"$(VERSION)"' -pthread -MMD -MP \
	$(call pkg,--cflags,$(DAEMON_PKGS)) $(CFLAGS)
ALL_LDFLAGS  = -pthread $(LDFLAGS)

LIB_SOURCES    := $(wildcard lib/*/*.c)
DAEMON_SOURCES := $(wildcard daemon/*/*.c)
CLI_SOURCES    := $(wildcard cli/*.c)
BENCH_SOURCES  := $(wildcard bench/*.c)
TEST_SOURCES   := $(wildcard tests/*/test_*.c)

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

LIB_OBJECTS    := $(call objects,$(LIB_SOURCES))
DAEMON_OBJECTS := $(call objects,$(DAEMON_SOURCES))
# The tool shares settings and base with the daemon, nothing else.
SHARED_OBJECTS := $(call objects,$(wildcard daemon/base/*.c daemon/settings/*.c))
TESTS          := $(patsubst %.c,$(BUILD)/%,$(TEST_SOURCES))
BENCHES        := $(patsubst %.c,$(BUILD)/%,$(BENCH_SOURCES))

.PHONY: all lib
all: $(BUILD)/rollcastd $(BUILD)/rollcast
lib: $(BUILD)/librollcast.a

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/librollcast.a: $(LIB_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/rollcastd: $(BUILD)/daemon/main.o $(DAEMON_OBJECTS) $(BUILD)/librollcast.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(DAEMON_PKGS)) -lm

$(BUILD)/rollcast: $(call objects,$(CLI_SOURCES)) $(SHARED_OBJECTS) $(BUILD)/librollcast.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(CLI_PKGS)) -lm

# A test links everything but the two mains.
CLI_PARTS := $(call objects,$(filter-out cli/main.c,$(CLI_SOURCES)))
$(TESTS): $(BUILD)/%: $(BUILD)/%.o $(DAEMON_OBJECTS) $(CLI_PARTS) $(BUILD)/librollcast.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(DAEMON_PKGS) $(TEST_PKGS)) -lm

# What a test in Python drives: the library and a few lines around it.
$(BUILD)/tests/%_driver: $(BUILD)/tests/%_driver.o $(BUILD)/librollcast.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(LIB_PKGS)) -lm

$(BENCHES): $(BUILD)/%: $(BUILD)/%.o $(DAEMON_OBJECTS) $(BUILD)/librollcast.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(DAEMON_PKGS)) -lm

# The page of all settings comes from the table of keys.
$(BUILD)/print_reference: $(BUILD)/tests/settings/print_reference.o $(SHARED_OBJECTS) $(BUILD)/librollcast.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(CLI_PKGS)) -lm

docs/settings.md: $(BUILD)/print_reference
	$< > $@

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(DAEMON_OBJECTS) $(call objects,daemon/main.c $(CLI_SOURCES) $(TEST_SOURCES) $(BENCH_SOURCES) $(wildcard tests/*/*_driver.c)))

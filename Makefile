# Rollcast. `make help` lists the targets. Files are found by their place: a new
# lib/<room>/<noun>.c, cli/<verb>.c or tests/<room>/test_<file>.c needs no line here.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CFLAGS  ?= -O2 -g
PYTHON  ?= /usr/bin/python3

VERSION := 0.1.0
, := ,
SONAME  := librollcast.so.1

# msgpack-c is called `msgpack` by Debian 12 and Ubuntu 24.04, `msgpack-c` by Debian 13.
pkg      = $(shell pkg-config $(1) $(2) 2>/dev/null)
MSGPACK := $(if $(call pkg,--modversion,msgpack-c),msgpack-c,msgpack)

LIB_PKGS    := $(MSGPACK) openblas
DAEMON_PKGS := $(LIB_PKGS) libzmq yaml-0.1 libsystemd libmicrohttpd lmdb libxxhash
CLI_PKGS    := $(LIB_PKGS) libzmq yaml-0.1 lmdb libxxhash ncursesw
TEST_PKGS   := cmocka ncursesw

# What limits the harm of a mistake, as far as the compiler can do it; CFLAGS come after it. Sanitizers see more
# of what libc does when it is not fortified, and without optimisation it cannot be.
can       = $(shell $(CC) -Werror $(1) -c -o /dev/null -x c /dev/null 2>/dev/null && echo $(1))
FORTIFY  := $(if $(filter-out -O0,$(filter -O%,$(CFLAGS))),$(if $(findstring -fsanitize,$(CFLAGS)),,\
	$(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)))
HARDENED := -fPIE $(FORTIFY) $(foreach flag,-fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-mbranch-protection=standard,$(call can,$(flag)))

ALL_CFLAGS   = -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Iinclude -I. -D_GNU_SOURCE -DROLLCAST_VERSION='"$(VERSION)"' -pthread -MMD -MP \
	$(HARDENED) $(call pkg,--cflags,$(DAEMON_PKGS)) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS  = -pthread -Wl,-z,relro,-z,now $(LDFLAGS)

LIB_SOURCES    := $(wildcard lib/*/*.c)
DAEMON_SOURCES := $(filter-out daemon/main.c,$(wildcard daemon/*.c daemon/*/*.c))
CLI_SOURCES    := $(wildcard cli/*.c)
BENCH_SOURCES  := $(wildcard bench/*.c)
TEST_SOURCES   := $(wildcard tests/*/test_*.c)

# The kernels are compiled once per instruction set; the program chooses when it runs.
KERNEL_SOURCES := $(wildcard lib/*/kernel/*.c)
KERNEL_SETS    := generic $(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),avx2 avx512)
KERNEL_FLAGS_avx2   := -mavx2 -mfma
KERNEL_FLAGS_avx512 := -mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma -mprefer-vector-width=512

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

KERNEL_OBJECTS := $(foreach set,$(KERNEL_SETS),$(patsubst %.c,$(BUILD)/%.$(set).o,$(KERNEL_SOURCES)))
LIB_OBJECTS    := $(call objects,$(LIB_SOURCES)) $(KERNEL_OBJECTS)
DAEMON_OBJECTS := $(call objects,$(DAEMON_SOURCES))
# The tool shares settings, base and the files of the state with the daemon, nothing else.
SHARED_OBJECTS := $(call objects,$(wildcard daemon/base/*.c daemon/settings/*.c) daemon/state/store.c daemon/state/reader.c)
TESTS          := $(patsubst %.c,$(BUILD)/%,$(TEST_SOURCES))
BENCHES        := $(patsubst %.c,$(BUILD)/%,$(BENCH_SOURCES))

FUZZERS        := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
DRIVERS        := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/*/*_driver.c))

.PHONY: all lib tests fuzzers
MANUALS := $(patsubst man/%.in,$(BUILD)/man/%,$(wildcard man/*.in))

all: $(BUILD)/rollcastd $(BUILD)/rollcast lib $(MANUALS) ## programs, manual pages, the library, static and shared
lib: $(BUILD)/librollcast.a $(BUILD)/$(SONAME)
tests: all $(TESTS) $(DRIVERS) $(addsuffix .o,$(FUZZERS)) # fuzzers need clang, but must not fall behind
fuzzers: $(FUZZERS) $(BUILD)/tests/fuzz/seeds

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# The page is part of the program.
$(BUILD)/daemon/watch/page.o: $(addprefix daemon/watch/page.,html css js)

define KERNEL_RULE
$(BUILD)/%.$(1).o: %.c
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -O3 -fno-math-errno $$(KERNEL_FLAGS_$(1)) -DKERNEL_SUFFIX=$(1) -c -o $$@ $$<
endef
$(foreach set,$(KERNEL_SETS),$(eval $(call KERNEL_RULE,$(set))))

# One set of objects for both libraries. What the shared one does not show is bound when it is linked, so that
# being shared costs nothing on the way of a sample.
$(LIB_OBJECTS): ALL_CFLAGS += -fPIC -fno-semantic-interposition
$(BUILD)/librollcast.a: $(LIB_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^
$(BUILD)/$(SONAME): $(LIB_OBJECTS) lib/rollcast.map
	$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=lib/rollcast.map \
		-o $@ $(LIB_OBJECTS) $(call pkg,--libs,$(LIB_PKGS)) -lm

# The programs and tests take the static one: a program is one file that runs from where it was built, and no other
# version of the forecaster can come under it. The tool also uses parts that the library does not show.

$(BUILD)/rollcastd: $(BUILD)/daemon/main.o $(DAEMON_OBJECTS) $(BUILD)/librollcast.a
	$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(DAEMON_PKGS)) -lm

$(BUILD)/rollcast: $(call objects,$(CLI_SOURCES)) $(SHARED_OBJECTS) $(BUILD)/librollcast.a
	$(CC) -pie $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(CLI_PKGS)) -lm

# A test links everything but the two mains.
CLI_PARTS := $(call objects,$(filter-out cli/main.c,$(CLI_SOURCES)))
$(TESTS): $(BUILD)/%: $(BUILD)/%.o $(DAEMON_OBJECTS) $(CLI_PARTS) $(BUILD)/librollcast.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call pkg,--libs,$(DAEMON_PKGS) $(TEST_PKGS)) -lm

# In these, allocations of our code fail; see tests/memory/failing.h.
$(filter $(BUILD)/tests/memory/%,$(TESTS)): ALL_LDFLAGS += $(addprefix -Wl$(,)--wrap=,malloc calloc realloc \
	reallocarray aligned_alloc strdup strndup open_memstream free)

# The same for a fuzzer; see check-fuzz.
$(FUZZERS) $(BUILD)/tests/fuzz/seeds: $(BUILD)/%: $(BUILD)/%.o $(DAEMON_OBJECTS) $(CLI_PARTS) $(BUILD)/librollcast.a
	$(CC) $(ALL_LDFLAGS) $(if $(findstring /fuzz_,$@),-fsanitize=fuzzer) -o $@ $^ $(call pkg,--libs,$(DAEMON_PKGS) $(CLI_PKGS)) -lm

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

# Manual pages say of options what the programs say, and of settings what docs/settings.md says.
$(MANUALS): $(BUILD)/man/%: man/%.in man/fill.sh $(wildcard man/*.awk) $(BUILD)/rollcastd $(BUILD)/rollcast
	@mkdir -p $(@D)
	@BUILD=$(BUILD) sh man/fill.sh $< > $@.new
	@mv $@.new $@

# ---- run ----

# Packages first, and then make anew: what was asked of pkg-config before they came does not count.
WITH  = sh deps.sh
AGAIN = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: deps demo bench bench-network bench-accuracy
deps: ## install the distribution's packages needed to build and test
	@$(WITH) build test
demo: ## this machine's own metrics, forecast live
	@$(WITH) build
	@$(AGAIN) all
	@BUILD=$(BUILD) sh cli/demo.sh
bench: ## how fast it is, on this machine
	@$(AGAIN) all $(BENCHES)
	@BUILD=$(BUILD) sh bench/run.sh

# A directory with data/suite.csv, the series that it names, and score/score.py.
SUITES ?= ../shared
bench-accuracy: $(BUILD)/rollcast ## how good forecasts are, on the suites of real series in SUITES
	@if [ -r $(SUITES)/data/suite.csv ]; then \
		$(PYTHON) bench/accuracy.py --rollcast $< --data $(SUITES)/data \
			--score $(SUITES)/score/score.py; \
	else echo "bench-accuracy: no suites in $(SUITES)"; fi

bench-network: $(BUILD)/bench/network ## how fast networks train and forecast, beside PyTorch
	@$(BUILD)/bench/network

# ---- check ----

ASAN = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TSAN = -fsanitize=thread

.PHONY: check check-unit check-blackbox check-fuzz check-faults soak check-asan check-tsan check-systemd check-package check-fresh lint format
check: PARTS = unit blackbox
check: ## all tests; the last line says how many passed
check-unit: PARTS = unit
check-unit: ## tests of single files
check-blackbox: PARTS = blackbox
check-blackbox: ## tests of whole programs, over sockets
check check-unit check-blackbox:
	@$(WITH) build test
	@$(AGAIN) tests
	@BUILD=$(BUILD) $(PYTHON) tests/run.py $(PARTS)
check-asan: ## all tests with address, leak and undefined-behaviour sanitizers
	@$(MAKE) check BUILD=build-asan CFLAGS='-O1 -g $(ASAN)' LDFLAGS='$(ASAN)'
check-faults: ## 200 kills and 200 damaged files: what is kept is there after each
	@$(WITH) build test
	@$(AGAIN) tests
	@KILLS=200 FLIPS=200 BUILD=$(BUILD) $(PYTHON) -m pytest -q -s -p no:cacheprovider tests/faults
soak: ## weeks of a hundred streams through the daemon, in five minutes: does memory stay flat?
	@$(WITH) build test
	@$(AGAIN) all
	@BUILD=$(BUILD) $(PYTHON) tests/soak/soak.py
check-tsan: ## all tests with the thread sanitizer
	@TSAN_OPTIONS='suppressions=$(CURDIR)/tests/tsan.supp' \
		$(MAKE) check BUILD=build-tsan CFLAGS='-O1 -g $(TSAN)' LDFLAGS='$(TSAN)'
check-fuzz: ## any bytes into every parser, each for FUZZ_SECONDS (60), with clang
	@$(WITH) build fuzz
	@$(AGAIN) fuzzers BUILD=build-fuzz CC=clang CFLAGS='-O1 -g -Wno-missing-field-initializers -Wno-unused-function -Wno-psabi -Wno-bitwise-instead-of-logical -fsanitize=fuzzer-no-link $(ASAN)' LDFLAGS='$(ASAN)'
	@BUILD=build-fuzz sh tests/fuzz/run.sh
check-systemd: ## the units in booted Debian 12 and 13, as root
	@$(WITH) build system
	@$(AGAIN) all
	@BUILD=$(BUILD) bash tests/systemd/boot.sh
check-package: ## the Debian packages: built, installed, upgraded, purged, as root
	@$(WITH) system package
	@bash tests/package/run.sh
check-fresh: ## README's commands on a bare Debian, as root
	@$(WITH) system
	@BUILD=$(BUILD) bash tests/fresh/run.sh
lint: ## linters, who includes whom, what the library needs
	@$(WITH) build lint
	@$(AGAIN) all
	@BUILD=$(BUILD) sh tests/lint/run.sh
format: ## lay out C as .clang-format says
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

# ---- install ----

LIBDIR ?= $(PREFIX)/lib

BIN     = $(DESTDIR)$(PREFIX)/bin
LIB     = $(DESTDIR)$(LIBDIR)
HEADERS = $(DESTDIR)$(PREFIX)/include/rollcast
UNITS   = $(DESTDIR)$(PREFIX)/lib/systemd/system
MAN     = $(DESTDIR)$(PREFIX)/share/man
TABS    = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ETC     = $(DESTDIR)/etc/rollcast
FILL_IN = sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|'
ALONE    = -e 's|@DESCRIPTION@|$(SERVICE)|; s|@NAME@|rollcast|; s|@STATE@|rollcast|'
INSTANCE = -e 's|@DESCRIPTION@|$(SERVICE), %i|; s|@NAME@|%i|; s|@STATE@|rollcast@%i|'
SERVICE  = Rollcast, live forecasts of metric streams

.PHONY: install uninstall clean help
install: all ## all that was built, headers, units, completion; honours PREFIX, LIBDIR and DESTDIR
	install -d $(BIN) $(LIB)/pkgconfig $(HEADERS) $(UNITS) $(TABS) $(ETC)
	install $(BUILD)/rollcastd $(BUILD)/rollcast $(BIN)
	install -m 644 $(BUILD)/librollcast.a $(BUILD)/$(SONAME) $(LIB)
	ln -sf $(SONAME) $(LIB)/librollcast.so
	install -m 644 include/rollcast/*.h $(HEADERS)
	$(FILL_IN) lib/rollcast.pc.in > $(LIB)/pkgconfig/rollcast.pc
	$(FILL_IN) $(ALONE) systemd/rollcastd.service.in > $(UNITS)/rollcastd.service
	$(FILL_IN) $(INSTANCE) systemd/rollcastd.service.in > $(UNITS)/rollcastd@.service
	for page in $(MANUALS); do install -D -m 644 $$page $(MAN)/man$${page##*.}/$${page##*/} || exit; done
	install -m 644 completions/rollcast $(TABS)/rollcast
	ln -sf rollcast $(TABS)/rollcastd
	test -e $(ETC)/rollcast.yaml || install -m 644 config/service.yaml $(ETC)/rollcast.yaml
uninstall: ## what install put there, but for the settings
	rm -f $(BIN)/rollcastd $(BIN)/rollcast $(LIB)/librollcast.a $(LIB)/librollcast.so $(LIB)/$(SONAME)
	rm -f $(LIB)/pkgconfig/rollcast.pc $(UNITS)/rollcastd.service $(UNITS)/rollcastd@.service
	rm -f $(TABS)/rollcast $(TABS)/rollcastd
	for page in $(MANUALS); do rm -f $(MAN)/man$${page##*.}/$${page##*/}; done
	rm -rf $(HEADERS)
clean: ## remove all that was built
	rm -rf build build-*
help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 24

-include $(shell find $(BUILD) -name '*.d' -type f 2>/dev/null)

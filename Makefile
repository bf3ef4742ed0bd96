# make                the program, build/jibri-finalize
# make check          every test; TESTS='unit tests/x.bats' and FILTER=REGEX
#                     narrow it
# make check-long     the same; tests that sample the points at which something
#                     can fail then try all of them
# make check-mutants  plants bugs, and expects the tests to find them
# make sim            histories of a simulated world that tries to break laws,
#                     for TIME=60 seconds; SEED=N shows one, SIM=FLAGS
# make soak           delivers 3,000 recordings to a server that fails at 30 %
#                     of all requests; SEED=N repeats one, RECORDINGS=N
# make check-oidc     tokens of a certified OpenID provider, which npm installs
# make check-hocon    compares how we read jibri.conf with the library that
#                     Jibri uses; scripts/deps hocon installs it and a JDK
# make check-stacks   uploads to other HTTP stacks, which npm and scripts/deps
#                     stacks install
# make check-media    judges ffmpeg's media, whole and broken, as ffmpeg does;
#                     scripts/deps media installs it
# make check-api      runs the API manual's examples in Java, Node and Python;
#                     scripts/deps api installs them
# make check-s3       tests S3 with a real gateway instead of the sandbox;
#                     scripts/deps s3 installs it (SUITE=trixie: Debian 13's)
# make check-live     ffmpeg records in real time (MINUTES='1 5 20'), and soon
#                     after its end all must be stored; scripts/deps s3 media
# make bench          side by side with the script that is replaced
# make fleet SEED=7   100,000 recordings of 1,000 hosts in a simulated week
# make bench-s3       side by side with rclone and curl, on a real gateway;
#                     scripts/deps s3 installs both
# make lint           every check that does not run the program
# make analyze        static analysis with four tools, takes some minutes
# make fuzz TIME=60   fuzzes each target for so many seconds (FUZZ='json list':
#                     only these); needs clang
# make sbom           the bill of materials, build/sbom.json
# make format         formats the C sources
# make docs           regenerates parts of the manuals, and the completions
# make pictures       regenerates the README's pictures of the demo, terminals
#                     and the dashboard, .github/*.svg
# make install        under $(DESTDIR)$(PREFIX)
# make dist           the tarball, build/jibri-finalize-VERSION.tar.gz
# make deb, make rpm  the package, in build/
# make portable       the program with its libraries, for any Linux with glibc
#                     2.36 or later, in build/; needs Debian 12
# make portable-aarch64  the same for arm64; scripts/deps portable
# make release        all files of a release, in build/release; needs Debian 12
#                     and scripts/deps dist portable
# make check-packages the packages, installed and used: slow, needs root and
#                     the network; scripts/deps packages installs its tools
# make check-fresh    the README's two commands on a bare Debian: slower; needs
#                     the same
# make check-cross    compiles for arm64, into build/arm64, and tests the result
#                     under qemu; scripts/deps cross installs what it needs
#
# WERROR=1 makes warnings errors.  SAN=1 builds and tests with the address
# and undefined behaviour sanitizers, in $(BUILD)/san (SAN=fuzz is for `make
# fuzz`, in $(BUILD)/fuzz).  BUILD=DIR builds elsewhere.  V=1 shows the
# commands.  You can set CC, PKG_CONFIG, CPPFLAGS, CFLAGS and LDFLAGS.

CC = gcc
CFLAGS = -O2 -g
PKG_CONFIG = pkg-config
PREFIX = /usr/local
BUILD = build

out := $(BUILD)$(if $(filter 1,$(SAN)),/san)$(if $(filter fuzz,$(SAN)),/fuzz)
program := $(out)/jibri-finalize

# --- sources and objects -----------------------------------------------------

src := $(wildcard src/*.c src/*/*.c src/*/*/*.c)
sandbox_src := $(wildcard tests/sandbox/*.c)
unit_src := $(wildcard tests/unit/*.c)
preload_src := $(wildcard tests/preload/*.c)
reader_src := $(wildcard tests/reader/*.c)
screen_src := $(wildcard tests/screen/*.c)
hocon_src := $(wildcard tests/hocon/*.c)
fuzz_src := $(wildcard tests/fuzz/*.c)
forge_src := $(wildcard tests/forge/*.c)
tables_src := $(wildcard tests/tables/*.c)
bench_src := $(wildcard tests/bench/*.c)
sim_src := $(wildcard tests/sim/*.c)

objects = $(patsubst %.c,$(out)/obj/%.o,$(1))
src_obj := $(call objects,$(src))
sandbox_obj := $(call objects,$(sandbox_src))
reader_obj := $(call objects,$(reader_src))
forge_obj := $(call objects,$(forge_src))
screen_obj := $(call objects,$(screen_src))
hocon_obj = $(call objects,$(hocon_src)) $(lib_obj)
lib_obj := $(filter-out $(out)/obj/src/main.o,$(src_obj))
unit_obj := $(call objects,$(unit_src)) $(lib_obj)
# The program's own code, except what the simulated world replaces.
sim_less := main base/log base/stop recording/openfiles io/http io/http_setup \
    io/http_body io/http_trace sweep/sweep_watch
sim_obj := $(call objects,$(sim_src)) $(filter-out $(out)/obj/src/cli/% \
    $(sim_less:%=$(out)/obj/src/%.o),$(src_obj)) \
    $(filter $(addprefix $(out)/obj/src/cli/settings/,sett% config%), \
    $(src_obj))
# The calls of libc that are redirected, under all their names.
sim_wraps := open64 openat64 __open64_2 __openat64_2 syscall close fstat64 \
    fstatat64 stat64 statx fstatvfs64 faccessat realpath pread64 read write \
    lseek64 ftruncate64 fsync fdatasync futimens fchmod fchown fcntl64 flock \
    unlinkat renameat2 renameat mkdirat fdopendir opendir dirfd readdir64 \
    closedir clock_gettime getrandom gethostname getpid geteuid kill poll \
    visit_start visit_start_ahead visit_end visit_remove survey_as_owners \
    progress_is_bloated
# The same targets for two drivers.
fuzz_obj = $(filter-out $(out)/obj/tests/fuzz/$(1).o, \
    $(call objects,$(fuzz_src))) $(lib_obj)

bench := $(bench_src:tests/bench/%.c=$(out)/bench-%) $(out)/bench-fleet

# What tests need besides the program, as far as the sources are there.
helpers := $(if $(sandbox_src),$(out)/sandbox) $(if $(unit_src),$(out)/unit) \
    $(if $(reader_src),$(out)/reader) $(if $(screen_src),$(out)/screen) \
    $(if $(fuzz_src),$(out)/fuzz-replay) $(if $(hocon_src),$(out)/hocon) \
    $(if $(tables_src),$(out)/tables) \
    $(if $(forge_src),$(out)/forge) $(if $(sim_src),$(out)/sim) \
    $(preload_src:tests/preload/%.c=$(out)/preload-%.so) $(bench)

TESTS = $(if $(unit_src),unit) $(wildcard tests/*.bats)
FILTER =

# --- flags -------------------------------------------------------------------

# The first line of the changelog is the only place that has the version.
version := $(shell sed -n '1s/^[^0-9]*\([0-9a-z.~]*\).*/\1/p' \
    packaging/debian/changelog)

# Evaluated once, and only by a target that compiles.
once = $(eval $(1) := $$(shell $(2)))$($(1))
pkgs = libcurl jansson libcrypto libmagic
# Only their headers: the libraries are loaded when needed.
loaded_pkgs = libarchive expat
sandbox_pkgs = libmicrohttpd jansson libcrypto libcurl
pkg_cflags = $(call once,pkg_cflags,$(PKG_CONFIG) --cflags $(pkgs) \
    $(loaded_pkgs))
pkg_libs = $(call once,pkg_libs,$(PKG_CONFIG) --libs $(pkgs))
sandbox_cflags = $(call once,sandbox_cflags,$(PKG_CONFIG) --cflags $(sandbox_pkgs))
sandbox_libs = $(call once,sandbox_libs,$(PKG_CONFIG) --libs $(sandbox_pkgs))
unit_libs = $(call once,unit_libs,$(PKG_CONFIG) --libs cmocka)

is_clang := $(findstring clang,$(shell $(CC) --version 2>/dev/null))
arch := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))

defines := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DVERSION='"$(version)"' -Isrc

warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Wundef \
    -Wimplicit-fallthrough $(if $(filter 1,$(WERROR)),-Werror)

harden := -fstack-protector-strong
harden += $(if $(filter x86_64 i%86,$(arch)),-fcf-protection)
harden += $(if $(filter aarch64,$(arch)),-mbranch-protection=standard)
# clang knows this one on x86 only, and warns elsewhere.
harden += $(if $(filter x86_64,$(arch))$(if $(is_clang),,gcc), \
    -fstack-clash-protection)

ifneq ($(filter 1 fuzz,$(SAN)),)
# Not fortified: the sanitizers intercept the plain calls, not the checked ones.
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all \
    -fno-omit-frame-pointer $(if $(filter fuzz,$(SAN)),-fsanitize=fuzzer-no-link)
else ifeq ($(filter -O0,$(CFLAGS)),)
fortify := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(if $(is_clang),2,3)
endif

# The same bytes wherever it is built; TREE: where objects may come from.
TREE = $(CURDIR)
compile = $(CC) -std=gnu11 $(defines) $(warnings) $(harden) \
    -ffile-prefix-map='$(TREE)'=. $(CPPFLAGS) $(CFLAGS) $(sanitize)
link = $(CC) $(harden) $(CFLAGS) $(sanitize) -pie -Wl,-z,relro,-z,now \
    -Wl,-z,noexecstack -Wl,--as-needed $(LDFLAGS)

# Print a line for each file that is built; V=1 shows the commands.
is_silent := $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(filter 1,$(V))$(is_silent),,@printf '%-5s %s\n' $(1) '$@';)

# --- targets -----------------------------------------------------------------

all: $(program)

$(program): $(src_obj)
	$(call say,LINK) $(link) -o $@ $^ $(pkg_libs)

$(out)/sandbox: $(sandbox_obj)
	$(call say,LINK) $(link) -o $@ $^ $(sandbox_libs) -lpthread

$(out)/reader: $(reader_obj)
	$(call say,LINK) $(link) -o $@ $^

$(out)/forge: $(forge_obj)
	$(call say,LINK) $(link) -o $@ $^

# The program's own tables.
$(out)/tables: $(call objects,$(tables_src)) $(lib_obj)
	$(call say,LINK) $(link) -o $@ $^ $(pkg_libs)

$(out)/screen: $(screen_obj)
	$(call say,LINK) $(link) -o $@ $^ -lutil

$(out)/hocon: $(hocon_obj)
	$(call say,LINK) $(link) -o $@ $^ $(pkg_libs)

$(out)/unit: $(unit_obj)
	$(call say,LINK) $(link) -o $@ $^ $(unit_libs) $(pkg_libs)

$(out)/sim: $(sim_obj)
	$(call say,LINK) $(link) $(sim_wraps:%=-Wl,--wrap=%) -o $@ $^ \
	    $(pkg_libs)

$(out)/fuzz-replay: $(call fuzz_obj,libfuzzer)
	$(call say,LINK) $(link) -o $@ $^ $(pkg_libs)

$(out)/fuzzer: $(call fuzz_obj,replay)
	$(call say,LINK) $(link) -fsanitize=fuzzer -o $@ $^ $(pkg_libs)

# A program for each source.
$(out)/bench-%: $(out)/obj/tests/bench/%.o
	$(call say,LINK) $(link) -o $@ $^ $(pkg_libs)

# It calls the program's own functions.
$(out)/bench-fleet: $(call objects,$(wildcard tests/bench/fleet/*.c)) $(lib_obj)
	$(call say,LINK) $(link) -o $@ $^ $(pkg_libs)

# Linked with all libraries of the program, although it needs none.
$(out)/bench-idle: $(out)/obj/tests/bench/idle.o
	$(call say,LINK) $(link) -Wl,--no-as-needed -o $@ $^ $(pkg_libs)

$(out)/obj/src/%.o: src/%.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(compile) $(fortify) $(pkg_cflags) -fPIE -MMD -MP -c -o $@ $<

$(out)/obj/tests/sandbox/%.o: tests/sandbox/%.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(compile) $(fortify) $(sandbox_cflags) -fPIE -MMD -MP -c -o $@ $<

# The others need no library.
$(out)/obj/tests/%.o: tests/%.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(compile) $(fortify) -fPIE -MMD -MP -c -o $@ $<

$(out)/obj/tests/sim/%.o: tests/sim/%.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(compile) $(fortify) $(pkg_cflags) -fPIE -MMD -MP -c -o $@ $<

$(out)/obj/tests/tables/%.o: tests/tables/%.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(compile) $(fortify) $(pkg_cflags) -fPIE -MMD -MP -c -o $@ $<

$(out)/obj/tests/forge/%.o: tests/forge/%.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(compile) $(fortify) -fPIE -MMD -MP -c -o $@ $<

$(out)/obj/tests/bench/%.o: tests/bench/%.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(compile) $(fortify) $(pkg_cflags) -fPIE -MMD -MP -c -o $@ $<

$(out)/obj/tests/unit/%.o: tests/unit/%.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(compile) $(fortify) $(pkg_cflags) -fPIE -MMD -MP -c -o $@ $<

$(out)/obj/tests/fuzz/%.o: tests/fuzz/%.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(compile) $(fortify) $(pkg_cflags) -fPIE -MMD -MP -c -o $@ $<

# Not sanitized, so that it loads anywhere; not fortified, because it defines
# the very functions that fortifying would define inline.
$(out)/preload-%.so: tests/preload/%.c $(out)/flags
	@mkdir -p $(@D) $(out)/obj/tests/preload
	$(call say,SHLIB) $(filter-out $(sanitize),$(compile)) -fPIC -MMD -MP \
	    -MF $(out)/obj/tests/preload/$*.d -shared -o $@ $< -ldl -lpthread

# Rewritten only when the flags change, and then everything is rebuilt.
$(out)/flags: export STAMP = $(compile) $(fortify) $(link)
$(out)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$STAMP" | cmp -s - $@ || printf '%s\n' "$$STAMP" >$@

helpers: $(helpers)

check: $(program) $(helpers)
	@BIN='$(abspath $(program))' SANDBOX='$(abspath $(out)/sandbox)' \
	    BUILD='$(abspath $(out))' SAN='$(SAN)' FILTER='$(FILTER)' \
	    TAGS='$(TAGS)' scripts/check $(TESTS)

# Tests see it as LONG=1.
check-long: export LONG := 1
check-long: check

# libFuzzer is clang's: another compiler, so separate objects.
FUZZ_CC = clang
TIME = 60
FUZZ =

fuzz:
	+@$(MAKE) -s CC='$(FUZZ_CC)' SAN=fuzz BUILD='$(BUILD)' \
	    '$(BUILD)/fuzz/fuzzer'
	@FUZZER='$(abspath $(BUILD)/fuzz/fuzzer)' TIME='$(TIME)' \
	    scripts/fuzz $(FUZZ)

# In a separate directory, because two of them are compilers.
analyze:
	@BUILD='$(abspath $(BUILD))/analyze' scripts/analyze

sbom: $(out)/sbom.json

$(out)/sbom.json: $(program) packaging/sbom
	$(call say,SBOM) packaging/sbom $(program) '$(version)' >$@

check-packages:
	@$(MAKE) -s deb
	@$(MAKE) -s rpm
	@! grep -q bookworm /etc/os-release || $(MAKE) -s portable
	@$(MAKE) -s check TESTS='$(or $(filter tests/packages/%,$(TESTS)), \
	    $(filter-out %/fresh.bats,$(wildcard tests/packages/*.bats)))'

check-fresh:
	@$(MAKE) -s check TESTS=tests/packages/fresh.bats

# ROUNDS=N, CASES='big-0 start' and QUICK=1 narrow it; only a full run is kept.
bench: $(program) $(bench)
	@BIN='$(abspath $(program))' TOOLS='$(abspath $(out))' \
	    OUT='$(if $(CASES)$(QUICK),,$(CURDIR)/tests/bench/RESULTS.md)' \
	    tests/bench/bench

fleet: $(out)/bench-fleet
	@'$(out)/bench-fleet' --week '$(or $(SEED),1)'

bench-s3: $(program) $(bench)
	@BIN='$(abspath $(program))' TOOLS='$(abspath $(out))' \
	    tests/s3/with-gateway tests/bench/s3

lint: $(program) $(out)/tables
	@BIN='$(program)' TABLES='$(out)/tables' scripts/lint $(LINT)

pictures: $(program) $(out)/sandbox
	@scripts/pictures

docs: $(out)/tables
	@TABLES='$(out)/tables' scripts/docs

format:
	clang-format -i $(wildcard src/*.[ch] src/*/*.[ch] src/*/*/*.[ch] \
	    tests/*/*.[ch])

# A certified OpenID provider issues the tokens.  Needs node and npm.
oidc = $(BUILD)/oidc/node_modules/oidc-provider/package.json
$(oidc): tests/oidc/package.json
	mkdir -p $(BUILD)/oidc && cp tests/oidc/package.json $(BUILD)/oidc
	cd $(BUILD)/oidc && npm install --no-audit --no-fund --no-package-lock
	touch $@

check-oidc: $(oidc)
	cp tests/oidc/provider.mjs $(BUILD)/oidc
	+@$(MAKE) -s check TESTS=tests/oidc.bats

# Needs Jibri's library for its configuration and a JDK: scripts/deps hocon.
check-hocon: export CHECK_HOCON := 1
check-hocon:
	+@$(MAKE) -s check TESTS=tests/hocon.bats

# Fails if one of the three languages is missing.
check-api: export CHECK_API := 1
check-api:
	+@$(MAKE) -s check TESTS=tests/api.bats

# HTTP stacks of other languages.
stacks = $(BUILD)/stacks
$(stacks)/node_modules: tests/stacks/package.json
	mkdir -p $(stacks) && cp tests/stacks/package.json $(stacks)
	cd $(stacks) && npm install --no-audit --no-fund --no-package-lock
	touch $@

$(stacks)/backend-go: tests/stacks/backend.go
	go build -o $@ $<

$(stacks)/Backend.class: tests/stacks/Backend.java
	javac -d $(stacks) -cp /usr/share/java/tomcat10-embed-core.jar $<

check-stacks: $(stacks)/node_modules $(stacks)/backend-go \
    $(stacks)/Backend.class
	cp tests/stacks/*.mjs $(stacks)
	+@STACKS_WANTED=1 $(MAKE) -s check TESTS=tests/stacks.bats
	@sed -n 's/^# met //p' $(BUILD)/check.tap

# Debian's ffmpeg makes and decodes the media: scripts/deps media.
media = $(BUILD)/media/reference
$(media): tests/media/generate
	tests/media/generate $(BUILD)/media

check-media: $(media)
	+@$(MAKE) -s check TESTS=tests/media.bats

# Ceph's gateway, from scripts/deps s3 or from the Debian release SUITE.
check-s3: export SUITE := $(SUITE)
check-s3:
	+@tests/s3/with-gateway $(MAKE) -s check \
	    TESTS='$(filter-out unit,$(or $(filter tests/s3%,$(TESTS)), \
	    $(wildcard tests/s3*.bats)))'

# Records in real time, each recording as many minutes long.
MINUTES = 1 5 20
check-live: export MINUTES := $(MINUTES)
check-live:
	+@tests/s3/with-gateway $(MAKE) -s check TESTS=tests/live/live.bats

check-cross: $(out)/sandbox
	@BUILD='$(abspath $(out))' scripts/cross

# Plants bugs and expects the suite to find them.
check-mutants:
	@BUILD='$(abspath $(BUILD))' scripts/mutants

# Thousands of histories a minute of the program in a simulated world.
sim: $(out)/sim
	@$(out)/sim $(if $(SEED),--seed $(SEED),--time $(TIME)) $(SIM)

# Thousands of runs against a server that fails at random.
soak: $(program) $(helpers)
	@BIN='$(abspath $(program))' SANDBOX='$(abspath $(out)/sandbox)' \
	    BUILD='$(abspath $(out))' scripts/soak

completions = packaging/completions
share = $(DESTDIR)$(PREFIX)/share

install: $(program)
	install -D -m 755 $(program) $(DESTDIR)$(PREFIX)/bin/jibri-finalize
	for page in $(wildcard man/*.[1-8]); do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit; \
	done
	install -D -m 644 $(completions)/jibri-finalize.bash $(share)/bash-completion/completions/jibri-finalize
	install -D -m 644 $(completions)/_jibri-finalize $(share)/zsh/site-functions/_jibri-finalize
	install -D -m 644 $(completions)/jibri-finalize.fish $(share)/fish/vendor_completions.d/jibri-finalize.fish
	install -D -m 644 packaging/schema/jibri-finalize.schema.json $(share)/jibri-finalize/jibri-finalize.schema.json

# The packages.  The tarball has the same bytes wherever it is made.
dist deb rpm:
	@BUILD='$(abspath $(BUILD))' scripts/dist $(@:dist=tar)

# The program and its libraries for any Linux; on Debian 12.
portable: export COMPILE = $(compile) $(fortify) -fPIE
portable: export LINK = $(link)
portable: export OBJECTS = $(filter-out %/base/bundled.o,$(src_obj))
portable: export LIBS = $(pkg_libs)
portable: $(program)
	@CC='$(CC)' BUILD='$(abspath $(out))' NATIVE='$(or $(NATIVE),$(program))' \
	    OUT='$(or $(OUT),$(abspath $(out)))' scripts/portable

portable-aarch64: $(program)
	+@$(MAKE) -s CC=aarch64-linux-gnu-gcc NATIVE='$(program)' \
	    PKG_CONFIG=aarch64-linux-gnu-pkg-config BUILD='$(out)/arm64' \
	    OUT='$(or $(OUT),$(abspath $(out)))' portable

# All files of a release; the same bytes wherever it is made.
release:
	@BUILD='$(abspath $(BUILD))' scripts/release

clean:
	rm -rf $(BUILD)

.PHONY: all sim helpers bench bench-s3 fleet check check-long check-mutants check-packages \
    check-api check-fresh check-cross check-hocon check-live check-media check-oidc check-s3 \
    check-stacks \
    soak fuzz analyze sbom lint docs pictures format install dist deb rpm \
    portable portable-aarch64 release clean FORCE
.DELETE_ON_ERROR:

-include $(wildcard $(addprefix $(out)/obj/,*/*.d */*/*.d */*/*/*.d))

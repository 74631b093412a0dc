# Static analysis of every C source with the flags it is compiled with, and the layout of the code.

tool_sources := $(wildcard tools/*.c)
$(foreach source,$(tool_sources),$(eval $(call lint_source,$(source),$(flags.tool))))

# The system's code sees clang's <stdatomic.h>, not gcc's, which clang takes for wrong.
lint_include := -isystem $(shell clang -print-resource-dir)/include -ffreestanding
lint_command = $(subst -isystem $(gcc_include),$(lint_include),$(lint_flags.$(1)))

# One object per source, as the JSON Compilation Database of clang has them.
build/compile_commands.json: Makefile $(wildcard mk/*.mk) build/ready.mk FORCE
	$(file >$@.lines)
	$(foreach source,$(lint_sources),$(file >>$@.lines,{ "directory": "$(CURDIR)", \
	    "file": "$(source)", "command": "$(CC) $(call lint_command,$(source)) -c $(source)" }))
	@sed -e '/^$$/d' $@.lines | sed -e '1s/^/[/' -e '$$!s/$$/,/' -e '$$s/$$/]/' >$@ && rm $@.lines

# clang-tidy gets one source at a time: its analyzer mixes up the va_lists of several. cppcheck has to
# be told what Criterion's macros are and that _Noreturn is gcc's attribute, and takes the register of
# a variable for a statement of its own (which gcc's -Wunused-value would find). clang takes its own
# <stdatomic.h> only when freestanding, and does not understand gcc's.
lint: build/compile_commands.json ## clang-tidy, cppcheck and shellcheck on all sources
	@printf '%s\n' $(lint_sources) | xargs -P 2 -n 1 clang-tidy --quiet -p build \
	    --extra-arg-before=-isystem$$(clang -print-resource-dir)/include \
	    --extra-arg=-ffreestanding \
	    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-error 2>build/lint.log || \
	    { grep -E '(error|warning):' build/lint.log; exit 1; }
	@mkdir -p build/cppcheck
	@cppcheck --quiet -j 2 --project=$< --cppcheck-build-dir=build/cppcheck \
	    --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    -D'TestSuite(...)=' -D'CK_RING_PROTOTYPE(...)=' -D'Test(suite,name,...)=static void suite##_##name(void)' \
	    -D'ParameterizedTest(parameter,suite,name,...)=static void suite##_##name(parameter)' \
	    -D'cr_assert(condition,...)=((condition) ? (void)0 : abort())' \
	    -D'_Noreturn=__attribute__((noreturn))' \
	    --suppress=constStatement --suppress='*:build/third-party/*'
	@shellcheck tools/*.sh mk/*.sh tests/guest/attack/*.sh tests/models/*.sh tests/host/policy/*.sh tests/host/policy/fuzz/*.sh tests/host/urpc/*/*.sh tests/host/topology-sim/*/*.sh \
	    bench/host/*.sh topology/sim/*.sh .ci/run
	@echo 'lint: nothing found in $(words $(lint_sources)) C sources'

format_sources := $(shell git ls-files '*.c' '*.h' 2>/dev/null)

format: ## lays out every C source as .clang-format says
	@clang-format -i $(format_sources)

format-check: ## tells which C sources are laid out differently
	@clang-format --dry-run --Werror $(format_sources)

.PHONY: lint format format-check

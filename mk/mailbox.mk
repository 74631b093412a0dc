# The mailboxes (cpu-driver/mailbox.c) on the host: the builds of their tests with ThreadSanitizer, with
# both compilers: each may order accesses in its own way.

mailbox_tests := tests/host/mailbox
mailbox_sources := $(addprefix $(mailbox_tests)/,zero.c one.c two.c test_threads.c) \
    $(urpc_tests)/plain/main.c

define mailbox_program
build/host/mailbox-tsan-$(1): $(mailbox_sources) $(wildcard $(mailbox_tests)/*.h) \
    $(mailbox_tests)/side.inc cpu-driver/mailbox.c cpu-driver/mailbox.h mk/mailbox.mk
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(quiet)$(1) $(common_flags) -iquote cpu-driver -I$(urpc_tests)/plain -fsanitize=thread -pthread \
	    -DTHREADS_ROUNDS=20000U -o $$@ $(mailbox_sources)
host_programs += build/host/mailbox-tsan-$(1)
tests += 'host/mailbox-tsan-$(1)=build/host/mailbox-tsan-$(1)'
endef

$(eval $(call mailbox_program,gcc))
$(eval $(call mailbox_program,clang))

# Machines that are known before they boot (topology/generate): TOPOLOGY=host, FILE.xml, or "package:2
# core:4 pu:2".

generate := build/tool/topology-generate
generate_sources := $(wildcard topology/generate/*.c) topology/topology.c topology/tree.c
flags.generate := $(flags.tool) -Itopology/include

$(generate): $(generate_sources) include/bulkhead/endpoint.h mk/topology.mk \
    $(wildcard topology/generate/*.h topology/include/topology/*.h)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(quiet)$(CC) $(flags.generate) -o $@ $(generate_sources) -lhwloc -lm

$(foreach source,$(generate_sources),$(eval $(call lint_source,$(source),$(flags.generate))))

# <topology/known.h>, for who has -Ibuild/topology/include: looked at in every run of make, changed only
# when the machine is another one. Who includes it depends on it by its .d file; the first time it
# only has to be there.
known := build/topology/include/topology/known.h

$(known): $(generate) FORCE
	@mkdir -p $(@D)
	@$(generate) --header=$@ $(if $(TOPOLOGY),"$$TOPOLOGY",--none)

$(objects.build/monitor) $(objects.build/attack/monitor) $(objects.build/tests/host/monitor) build/compile_commands.json: | $(known)

# tools/run.sh runs it.
$(boot-test_programs): | $(generate)

topology: $(generate) ## draws TOPOLOGY=... (host) and its multicast tree: build/topology/topology.svg
	@mkdir -p build/topology
	@$(generate) --cores-max=4096 --svg=build/topology/topology.svg --summary "$${TOPOLOGY:-host}"
	@echo 'drawn in build/topology/topology.svg'

.PHONY: topology

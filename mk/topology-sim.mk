# The simulation of trees (topology/sim), and the picture of it beside what the system measures.

sim := build/tool/topology-sim
sim_sources := $(wildcard topology/sim/*.c topology/*.c)
flags.sim := $(flags.tool) -Itopology/include

$(sim): $(sim_sources) $(wildcard topology/sim/*.h topology/include/topology/*.h) mk/topology-sim.mk
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(quiet)$(CC) $(flags.sim) -o $@ $(sim_sources)

$(foreach source,$(sim_sources),$(eval $(call lint_source,$(source),$(flags.sim))))

host_programs += $(sim)
tests += 'host/topology-report=tests/host/topology-sim/report/run.sh'

topology-sim: $(sim) ## what trees of 2 to 4096 cores take: build/bench/topology-sim.json, and a table
	@topology/sim/run.sh

topology-report: $(sim) ## the same, and a picture of it beside what the system measures: build/bench/topology.html
	@topology/sim/run.sh
	@topology/sim/report.sh build/bench

.PHONY: topology-sim topology-report

# Bulkhead. `make help` lists what there is to make; mk/ holds the rules, each component a
# component.mk.

.DEFAULT_GOAL := iso
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := /bin/bash

# Goals that need neither tools nor sources.
light_goals := help clean

ifneq ($(filter-out $(light_goals),$(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))),)
include mk/toolchain.mk
include mk/component.mk
include mk/font.mk
include mk/pci-names.mk
include mk/policy.mk
include mk/image.mk
include mk/topology.mk
include mk/run.mk
include mk/urpc.mk
include mk/mailbox.mk
include mk/topology-sim.mk
include mk/test.mk
include mk/models.mk
include mk/lint.mk
endif

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' \
	    mk/run.mk mk/test.mk mk/urpc.mk mk/topology.mk mk/topology-sim.mk mk/models.mk mk/policy.mk mk/image.mk mk/component.mk mk/lint.mk mk/toolchain.mk Makefile

clean: ## removes everything that was made, and the fetched sources
	rm -rf build

.PHONY: help clean

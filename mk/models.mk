# Spin models of the protocols: tests/models/README.md.

tests += 'models=tests/models/run.sh'
long_tests += 'models-long=tests/models/run.sh --long'

models: ## searches the Spin models of the protocols, and their mutations
	@tests/models/run.sh

.PHONY: models

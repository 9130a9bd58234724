PYTHON ?= python

.PHONY: help check lint types imports format test build clean

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

check: lint test ## All that CI checks

lint: types imports ## Style, types, and imports that run one way
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

# Through a link called faceql: mypy takes the package's name from its folder, and a clone may be called anything.
types: ## mypy, strict
	@link=$$(mktemp -d) && trap 'rm -rf "$$link"' EXIT && ln -s "$(CURDIR)" "$$link/faceql" && cd "$$link" && \
	    $(PYTHON) -m mypy --config-file faceql/pyproject.toml --cache-dir "$(CURDIR)/.mypy_cache" faceql

imports: ## server -> engine -> model -> querylang -> grammar
	lint-imports

format: ## Put the style right
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

test: ## The tests
	$(PYTHON) -m pytest

build: ## sdist and wheel, into dist/
	$(PYTHON) -m build

clean: ## Remove what building leaves
	rm -rf build dist *.egg-info

PYTHON ?= python

.PHONY: help check lint types imports format test build site audit sbom gpu wheels clean

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

# Through a link called faceql, as for mypy.
site: ## The documentation as a site, into build/site/; strict: needs pip install -e ".[docs]"
	@link=$$(mktemp -d) && trap 'rm -rf "$$link"' EXIT && ln -s "$(CURDIR)" "$$link/faceql" && \
	    PYTHONPATH="$$link" $(PYTHON) -m mkdocs build --strict

# An environment of its own: with developers' tools in it, neither list would be that of a plain install.
build/plain: pyproject.toml
	rm -rf $@ && $(PYTHON) -m venv $@ && $@/bin/python -m pip install --quiet . && touch $@

# Without +cpu and the like, which no list of vulnerabilities knows.  --strict: what cannot be looked up is no pass.
audit: build/plain ## Known vulnerabilities of what a plain install brings; needs pip install -e ".[release]"
	build/plain/bin/python -m pip list --format freeze --exclude faceql --exclude pip | sed 's/+.*//' > build/plain.txt
	$(PYTHON) -m pip_audit --strict --disable-pip --no-deps --requirement build/plain.txt

sbom: build/plain ## What a plain install brings as a CycloneDX list, into dist/; needs pip install -e ".[release]"
	mkdir -p dist && $(PYTHON) -m cyclonedx_py environment \
	    --output-format JSON --output-file dist/faceql.cdx.json build/plain/bin/python

gpu: ## All that is measured on a GPU, in ten minutes, into gpu-results/ or $OUT
	$(PYTHON) benchmarks/gpu.py

# What an image with PyTorch, NumPy, SciPy and pytest lacks: for a machine without a network, in the versions that are here.
GPU_WHEELS := lark|pillow|click|h11|wsproto|pydantic|pydantic_core|annotated-types|typing-inspection|rapidfuzz|mcp|mcp-types|httpx2|httpcore2|truststore|jsonschema|jsonschema-specifications|referencing|rpds-py|opentelemetry-api|pyjwt|python-multipart|sse-starlette|starlette|uvicorn|fastapi|lightning-fabric

wheels: ## What a GPU machine without a network may lack, into .whl/: there pip install --no-index --no-deps .whl/*
	$(PYTHON) -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
	    --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 -d .whl \
	    $$($(PYTHON) -m pip list --format freeze | grep -iE '^($(GPU_WHEELS))==')

clean: ## Remove what building leaves
	rm -rf build dist *.egg-info

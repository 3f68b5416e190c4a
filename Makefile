# The two commands a newcomer needs are `make run` and `make test`; `make` alone lists all targets.

PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; sys.version_info < (3, 11) or print("$(p)")' 2>/dev/null)))
HOST := 127.0.0.1
PORT ?= 7860
ARTICLES ?=
CRASHES ?= 200

BIN := .venv/bin
# Python compiles what it imports; to compile all twenty thousand files at once takes as long as the rest of installing.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test test-crash test-cluster index evaluate bench-peers screenshot clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed  ## serve the chat on http://127.0.0.1:7860 (PORT= HOST= ARTICLES=folder)
	$(BIN)/qa serve $(if $(ARTICLES),"$(ARTICLES)") --host $(HOST) --port $(PORT)

test: .venv/tested  ## lint, type-check and test everything, in a real browser too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

test-crash: .venv/tested  ## kill builds, fail writes and damage files, 200 times each (CRASHES= for another number)
	QA_CRASH_ROUNDS=$(CRASHES) $(BIN)/pytest tests/crash

test-cluster: .venv/tested build/milvus/installed  ## run the contract of stores on a real Milvus server (2.3.5, by meaning only; some eight minutes)
	QA_MILVUS_SERVER=build/milvus/bin/milvus-server $(BIN)/pytest tests/index/milvus -k standalone

index: .venv/installed  ## build or refresh the index (ARTICLES=folder, without it the seed articles)
	$(BIN)/qa index "$(or $(ARTICLES),seeds/articles)"

evaluate: .venv/installed  ## measure the answers to the gold questions about the seed articles
	$(BIN)/qa index seeds/articles --index-dir build/seed-index
	$(BIN)/qa evaluate seeds/questions.jsonl --index-dir build/seed-index

bench-peers: .venv/tested build/peers/installed  ## compare with Haystack and txtai (ARTICLES=folder of .txt, SQUAD=dev.json)
	$(BIN)/python benchmarks/peers/compare.py "$(ARTICLES)" "$(SQUAD)" --peers build/peers/bin/python --output docs/benchmarks

screenshot: .venv/tested  ## draw docs/screenshot.png anew with the browser test
	QA_SCREENSHOT=1 $(BIN)/pytest tests/browser

clean:  ## remove the environment and the default index
	rm -rf .venv .index build *.egg-info

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "installing into .venv (once; a minute or two)"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) -e .
	@touch $@

build/peers/installed: constraints.txt
	$(PYTHON) -m venv build/peers
	build/peers/bin/pip install --quiet -c constraints.txt -r benchmarks/peers/requirements.txt
	@touch $@

build/milvus/installed: constraints.txt
	$(PYTHON) -m venv build/milvus
	build/milvus/bin/pip install --quiet --disable-pip-version-check -c constraints.txt 'setuptools<81' milvus==2.3.5
	@touch $@

# The tests start many processes: where Python may not write what it compiled, each would compile torch again.
.venv/tested: .venv/installed
	$(PIP) -e '.[test]'
	$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
	@sh -c 'command -v chromium chromium-browser google-chrome' >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	       && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null; } \
	  || $(BIN)/playwright install chromium
	@touch $@

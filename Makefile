# liandong: `make` lists the targets, `make run` starts everything, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PROTOS := $(shell find protos -name '*.proto' 2>/dev/null)
STAMP := libs/liandong/py.typed

.DEFAULT_GOAL := help
.PHONY: help setup run test attack check fmt lint types protos migrate topics acls environment deploycheck replay watch faults alarms simulate chaos drill rehearse upgrade-rehearsal bench doctor clean release-contracts

help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) $(STAMP) ## create the virtual environment with the pinned packages

# The stamp is touched last, so an interrupted run is repeated, if necessary in a new environment.
$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed 需要 Python 3.11 或更新版本：make PYTHON=/path/to/python3.11 …"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV) >/dev/null; } || { rm -rf $(VENV); echo "Python cannot make a virtual environment here; on Debian and Ubuntu 此处无法建立虚拟环境，在 Debian 或 Ubuntu 上请执行：apt install python3-venv"; exit 1; }
	@echo "installing the pinned packages (about a minute the first time) 正在安装锁定版本的软件包（首次约一分钟）…"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock || { echo "The packages could not be installed: check the network and the free space on this disk, then run the same command again. 软件包安装失败：请检查网络和磁盘剩余空间，然后重新执行同一命令。"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(STAMP): $(PROTOS) deploy/build_protos.py | $(READY)
	@$(BIN)/python deploy/build_protos.py

protos: $(STAMP) ## generate libs/liandong from protos/

run: setup ## start Kafka, PostgreSQL, the demo city and every service; Ctrl-C stops
	@$(BIN)/liandong up

# The tests start hundreds of processes, so what Python compiles is kept, whatever the environment
# says. Files that wait for servers come first, and the many short ones fill the workers to the end.
test: export PYTHONDONTWRITEBYTECODE :=
test: setup ## the whole suite, with a real Kafka and a real PostgreSQL
	@$(BIN)/pytest -q --durations=15 -n 3 --dist loadfile --no-loadscope-reorder $(addprefix tests/,simulation integration functional house contract unit)
	@$(BIN)/pytest -q --durations=15 -n 2 --dist loadfile --no-loadscope-reorder $(addprefix tests/,end_to_end security chaos)

attack: setup ## the attack suite alone, and deeper (takes minutes): EXAMPLES=20 times the requests, every role at every route
	@ATTACK_EXAMPLES=$(or $(EXAMPLES),20) $(BIN)/pytest tests/security tests/integration/backbone/test_forged.py tests/functional/backbone/test_identities.py

check: lint types test ## everything that CI checks

fmt: setup ## format the code and the contracts
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix -q . && $(BIN)/buf format -w

lint: setup ## ruff, import-linter, buf: style, layers, compatible contracts
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q . && $(BIN)/lint-imports --no-cache && $(BIN)/buf lint && $(BIN)/buf breaking --against deploy/released.binpb

release-contracts: setup ## freeze protos/: later changes must be compatible on the wire and in JSON
	@$(BIN)/buf build --exclude-source-info -o deploy/released.binpb

types: setup ## mypy --strict
	@$(BIN)/mypy

migrate: setup ## bring the schemas up to date (DATABASE_URL, or the embedded one while it runs)
	@$(BIN)/python -m operate.cli.targets migrate

topics: setup ## create missing topics, report differences (KAFKA_BOOTSTRAP, or the embedded one while it runs)
	@$(BIN)/python -m operate.cli.targets topics

acls: setup ## give each service its user and its rights at a protected Kafka (KAFKA_BOOTSTRAP, or the embedded one while it runs)
	@$(BIN)/python -m operate.cli.targets acls

environment: setup ## write what each service is started with: OUT=folder, PLACE=where services find certificates (/etc/liandong)
	@OUT="$(or $(OUT),environment)" PLACE="$(PLACE)" $(BIN)/python -m operate.cli.targets environment

deploycheck: setup ## check deploy/: units, image, compose file, chart, by tools of their own (docs/deploy.md)
	@$(BIN)/python deploy/check.py

watch: setup ## Prometheus and Alertmanager beside `make run`, from Debian's packages; Ctrl-C stops
	@$(BIN)/liandong watch

faults: setup ## every fault in a city at work: what users saw, recovery, lost, doubled, the alert (takes half an hour): ONLY="frozen disk", OUT=docs/faults.md
	@$(BIN)/python -m tests.faults $(ONLY) $(if $(OUT),--out $(OUT))

alarms: setup ## each alert that make faults does not ring: its cause is made in a running city, it fires, and clears (takes ten minutes): ONLY="sweep locked"
	@$(BIN)/python -m tests.faults.alerts $(ONLY)

upgrade-rehearsal: setup ## roll a living city of the release before to this code (takes minutes): FROM=commit (default: deploy/upgrade_from)
	@$(BIN)/python -m tests.upgrading $(if $(FROM),--from $(FROM))

replay: setup ## drive calls through the running city: FILE=calls.csv, REPORT=report.json, both optional
	@$(BIN)/liandong replay $(FILE) $(if $(REPORT),--report $(REPORT))

simulate: setup ## the flow under simulated faults, in one thread: SEEDS=200, COMMANDS=500; SEED=n repeats one run
	@$(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(COMMANDS),--commands $(COMMANDS)) $(if $(SEED),--seed $(SEED))

chaos: setup ## replay a day while each process is killed in turn (takes minutes): FILE=calls.csv, REPORT=report.json
	@$(BIN)/python -m tests.chaos $(FILE) $(if $(REPORT),--report $(REPORT))

drill: setup ## lose a city and bring it back from a backup, from the journals, from the archived log (takes minutes): SIZE=60
	@$(BIN)/pytest -q tests/drill
	@$(BIN)/python -m tests.drill $(if $(SIZE),--size $(SIZE))

rehearse: setup ## the chart's deployment as processes, secure: first hour, faults, rolling restart (takes minutes): SET="kafka.brokers=5 …"
	@$(BIN)/pytest -q tests/rehearsal
	@$(BIN)/python -m tests.rehearsal $(foreach value,$(SET),--set $(value))

BEFORE = $(filter-out none,$(or $(BASE),$(shell git describe --tags --abbrev=0 2>/dev/null)))
bench: setup ## measure beside the raw limits: ONLY="B3 B18", RUNS=3, BASE=commit to compare with (default: the last tag; or none), INCIDENTS="0 1000000" (B18), SIZE=5000000 (B8), FILE="petitions.csv calls.csv" (B7), OUT=folder
	@$(BIN)/python -m tests.bench $(ONLY) $(if $(BEFORE),--base $(BEFORE)) $(if $(RUNS),--runs $(RUNS)) $(if $(INCIDENTS),--incidents $(INCIDENTS)) $(if $(SIZE),--size $(SIZE)) $(if $(FILE),--file $(FILE)) $(if $(OUT),--out $(OUT))

doctor: setup ## check this machine and the running system for problems
	@$(BIN)/liandong doctor

clean: ## delete the virtual environment and generated code (data in .run stays)
	@rm -rf $(VENV) libs/liandong .mypy_cache .ruff_cache .pytest_cache

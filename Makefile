# Every target sets up .venv by itself the first time. `make help` lists them.
SHELL := bash
.DEFAULT_GOAL := help
WORKFLOW ?= cpt_sft
RECIPE ?= sample
ROOT ?= build/store
PROFILE ?= dev
OVERLAY ?= dev
BENCH ?= start
bin := .venv/bin
# a variable that is given changes the recipe: make run PAGES=dump.xml.bz2 CHATS=questions.jsonl SEED=2
export WORKFLOW RECIPE ROOT PAGES DUMP CHATS CONTACT REVISION SEED PROFILE NAME TASK TIMEOUT OVERLAY CONTEXT BENCH
dump_files := dump:pages-articles-multistream.xml.bz2 index:pages-articles-multistream-index.txt.bz2 page:page.sql.gz \
              categorylinks:categorylinks.sql.gz linktarget:linktarget.sql.gz page_props:page_props.sql.gz \
              checksums:sha1sums.txt
settings := $(if $(PAGES),--set "import_pages.source=$$PAGES") $(if $(CHATS),--set "import_chats.source=$$CHATS") \
            $(if $(DUMP),$(foreach file,$(dump_files),--set "import_dump.$(subst :,=$$DUMP-,$(file))")) \
            $(if $(CONTACT),--set "crawl_wiki.contact=$$CONTACT") $(if $(REVISION),--set "import_model.revision=$$REVISION") \
            $(if $(SEED),--set "seed=$$SEED") $(foreach item,$(SET),--set '$(item)')
# only as an argument of make: some systems set NAME to the name of the machine
ifneq ($(origin NAME),command line)
NAME :=
endif
cluster := --profile "$$PROFILE" --context "$$CONTEXT"
# the newest run of the workflow and recipe, unless NAME says which
newest := --workflow "$$WORKFLOW" --recipe "$$RECIPE" $(cluster)

.PHONY: help setup check test e2e test-cluster test-argo run plan submit status wait logs stop retry render deploy docs lock images bench clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z0-9_-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  WORKFLOW=cpt_sft   a file in workflows/           RECIPE=sample   a file in workflows/recipes/, or a path"
	@echo "  ROOT=build/store   a directory or s3://bucket/prefix"
	@echo "  PAGES=… CHATS=…    sources of the recipe          REVISION=…      commit of its model, 40 digits"
	@echo "  CONTACT=…          mail address or URL of whoever crawls a wiki"
	@echo "  DUMP=…/jawiki-20260101   what the names of a dump's files begin with, and the folder or bucket they lie in"
	@echo "  PROFILE=dev        a cluster: a file in workflows/profiles, or a path"
	@echo "  NAME=… TASK=…      a run and its task, else the newest run of WORKFLOW and RECIPE; FOLLOW=1; TIMEOUT=seconds"
	@echo "  OVERLAY=dev        a folder in k8s/overlays    CONTEXT=…        of the kubeconfig, else the current one"
	@echo "  SEED=1             seed of the recipe             SET='table.key=value …'  any of its values (without spaces)"

setup: .venv/ready ## make .venv (uv if present, pip otherwise; CPU torch where there is no GPU)

.venv/ready: pyproject.toml requirements/locked.txt scripts/setup
	@scripts/setup

check: setup ## lint, types, generated pages, size of modules and functions
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/python scripts/check_sizes.py

test: setup ## the fast tests
	$(bin)/python -m pytest -q -m "not slow and not gpu and not cluster and not argo and not vllm"

e2e: setup ## the slow tests too: kills at random moments, the sample end to end
	$(bin)/python -m pytest -q -m "slow and not cluster and not argo"

test-cluster: setup ## the tests on the Kubernetes cluster that KUBECONFIG names and tests may change
	$(bin)/python -m pytest -q -m "cluster and not argo" tests/cluster

test-argo: setup ## the tests on Argo Workflows on that cluster
	$(bin)/python -m pytest -q -m "argo" tests

run: setup ## run WORKFLOW with RECIPE on this machine; what exists is not made again
	@$(bin)/python -m tsugiki.cli run "$$WORKFLOW" --recipe "$$RECIPE" --root "$$ROOT" $(settings)

plan: setup ## say what there is to do for WORKFLOW with RECIPE, and how much a crawl would fetch; make nothing
	@$(bin)/python -m tsugiki.cli plan "$$WORKFLOW" --recipe "$$RECIPE" --root "$$ROOT" $(settings)

submit: setup ## submit WORKFLOW with RECIPE to the cluster of PROFILE, without the tasks that are done
	@$(bin)/python -m tsugiki.cli submit "$$WORKFLOW" --recipe "$$RECIPE" $(cluster) $(settings) \
	    $(if $(filter-out file,$(origin ROOT)),--root "$$ROOT")

status: setup ## the runs on the cluster and its schedules, or the tasks of run NAME
	@$(bin)/python -m tsugiki.cli status "$$NAME" $(cluster)

wait: setup ## wait for a run; fails unless it succeeds (tsugiki wait: 1 failed, 75 stopped, 124 out of time)
	@$(bin)/python -m tsugiki.cli wait "$$NAME" $(newest) $(if $(TIMEOUT),--timeout "$$TIMEOUT")

logs: setup ## the logs of a run, or of its TASK; FOLLOW=1 goes on until it ends
	@$(bin)/python -m tsugiki.cli logs "$$NAME" "$$TASK" $(newest) $(if $(FOLLOW),--follow)

stop: setup ## stop a run; its stages save their state
	@$(bin)/python -m tsugiki.cli stop "$$NAME" $(newest)

retry: setup ## submit the same again, without the tasks that are done
	@$(bin)/python -m tsugiki.cli retry "$$NAME" $(newest)

render: setup ## write workflows/rendered/*.yaml, the Argo manifests of every recipe
	$(bin)/python scripts/render_all.py

deploy: setup ## install OVERLAY=dev (Argo, S3, the namespace) or production (the namespace) on CONTEXT=…
	@$(bin)/python -m scripts.deploy "$$OVERLAY" --context "$$CONTEXT" $(if $(FORCE),--force)

docs: setup ## write docs/stages.md from the stages
	$(bin)/python -m tsugiki.cli docs

lock: setup ## pin the newest versions that pyproject.toml admits, here and in the images
	scripts/lock

images: ## build the images of the stages; scripts/images lists the variables: TAG, PREFIX, VARIANT, IMAGES …
	@scripts/images

bench: setup ## measure BENCH=start (import of stages, second run of the sample), crawl, dump, clean, quality: see bench/
	$(bin)/python -m "bench.$$BENCH"

clean: ## remove .venv and build/
	rm -rf .venv build

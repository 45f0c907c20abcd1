# What can be done here. Each target says first what it will install or start, and can be repeated after an interruption.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help test check check-mutants demo bench image dev-cluster dev-cluster-down

help: ## say what can be done
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)$$/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

test: ## run all test suites, installing the SIP peers they talk to
	@tests/tools/test

check: ## formatting, lints, the pure part alone, licences and bans of dependencies
	@tests/tools/check

check-mutants: ## small changes to what changed in the pure part, each of which a test must notice; BASE=commit to compare with
	@echo "Installs cargo-mutants for itself where its pinned version is missing. Takes ten seconds a mutant."
	@tests/tools/mutants diff $(BASE)

demo: ## run the quick start on this machine
	@echo "Starts Lamplighter on examples/quickstart (HTTP on 127.0.0.1:8080, SIP on 127.0.0.1). Ctrl-C ends it."
	cargo run -- standalone examples/quickstart

bench: ## measure evaluate and NOTIFY delivery, beside sipp on the same machine
	@tests/tools/bench

image: ## build the container image into target/lamplighter.oci.tar, without a container engine
	@tests/tools/image

dev-cluster: ## start a Kubernetes cluster on this machine, as the tests do, and load the image of `make image`
	@tests/cluster/dev up

dev-cluster-down: ## end it
	@tests/cluster/dev down

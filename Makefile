# Every job of CI is a target here, so that CI and a laptop do the same. `make help` lists them.

GO ?= go
# Directories of all modules: the root, and those that are kept apart so that users do not inherit their requirements.
MODULES := . cluster/failover/etcdregister cluster/failover/kuberegister metrics/prom metrics/otel examples internal/bench internal/interop
# Tools are pinned here and run through the module proxy; nothing is installed.
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
APIDIFF := golang.org/x/exp/cmd/apidiff@v0.0.0-20261014143641-f0251eb4aa3e
FUZZTIME ?= 30s
COUNT ?= 1

.PHONY: help demo test campaign cleanroom bench bench-smoke lint vulncheck fuzz tidy apidiff setup-demo setup-test setup-campaign

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: setup-demo ## run the main job: a service on a primary and a standby, driven once; SMOKE= keeps it running
	@$(GO) build -o bin/fullservice ./examples/fullservice
	@exec bin/fullservice $(if $(filter undefined,$(origin SMOKE)),-smoke,$(SMOKE))

# Tests that the race detector falsifies or makes too long to run in full.
WITHOUT_RACE := ^Test(AllocationsOfAQuery|DayOfWindows)$$

test: setup-test ## all tests of every module, with the race detector, and all examples
	@set -e; for m in $(MODULES); do \
		printf '== %s\n' "$$m"; \
		(cd $$m && CI=$${CI-true} $(GO) test -race -shuffle=on -timeout 20m -count=$(COUNT) ./...); \
	done
	CI=$${CI-true} $(GO) test -count=1 -run '$(WITHOUT_RACE)' ./metrics ./metrics/pgxmon

campaign: setup-test setup-campaign ## the fault campaigns in full length
	PRODWRIGHT_CAMPAIGN=1 CI=true $(GO) test -timeout 60m -count=1 -v -run Campaign ./metrics/lifecycle/ ./metrics/pgxmon/ ./metrics/admin/ ./logging/rotate/ ./logging/pglog/
	PRODWRIGHT_CAMPAIGN=1 CI=true $(GO) test -timeout 120m -count=1 -v -run 'Campaign|Follow|Managed|Manager|WakesUp|DoesNotReach|Restart|Primaries' ./cluster/
	cd internal/bench && PRODWRIGHT_CAMPAIGN=1 CI=true $(GO) test -timeout 180m -count=1 -v -run Campaign ./...

cleanroom: ## demo and test on a bare Debian in a throw-away root file system, as root and as a user with sudo; needs root
	scripts/cleanroom.sh -w root demo test
	scripts/cleanroom.sh -w user demo test

bench: setup-demo ## speed, side by side with peers, as ratios
	cd internal/bench && CI=true $(GO) test -run '^$$' -bench . -count=1 ./...

bench-smoke: setup-demo ## every benchmark once, so that none rots
	cd internal/bench && CI=true $(GO) test -run '^$$' -bench . -benchtime 1x ./...
	$(GO) test -run '^$$' -bench . -benchtime 1x ./...

lint: ## golangci-lint on every module
	@set -e; for m in $(MODULES); do (cd $$m && $(GO) run $(GOLANGCI) run --config $(CURDIR)/.golangci.yml ./...); done

vulncheck: ## known vulnerabilities in what is really called
	@set -e; for m in $(MODULES); do (cd $$m && $(GO) run $(GOVULNCHECK) ./...); done

fuzz: ## every fuzz target for FUZZTIME
	@set -e; grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r f; do \
		for t in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/p' "$$f"); do \
			printf '== %s %s\n' "$$(dirname $$f)" "$$t"; \
			$(GO) test -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) "./$$(dirname $$f)"; \
		done; \
	done

tidy: ## go.mod of every module is tidy, with and without the workspace, and formatted code
	@set -e; for m in $(MODULES); do \
		(cd $$m && GOWORK=off $(GO) mod tidy -diff && GOWORK=off $(GO) vet ./... && $(GO) vet ./...); \
	done
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }

apidiff: ## changes of the public interface since the last release
	@tag=$$(git describe --tags --abbrev=0 2>/dev/null) || { echo 'apidiff: no release yet'; exit 0; }; \
	old=$$(mktemp -d) && trap 'git worktree remove --force '"$$old" EXIT && git worktree add -q "$$old" "$$tag" && \
	(cd "$$old" && $(GO) run $(APIDIFF) -m -w "$$old/api" github.com/prodwright/prodwright) && \
	$(GO) run $(APIDIFF) -m -incompatible "$$old/api" github.com/prodwright/prodwright

setup-demo:
	@scripts/setup.sh demo

setup-test:
	@scripts/setup.sh test

setup-campaign:
	@scripts/setup.sh campaign

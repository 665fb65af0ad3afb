# Make targets for the value train. Include this file from your Makefile:  -include agenticops.mk
# T=TICKET  names the ticket where more than one could be meant.

AGENTICOPS ?= agenticops

.PHONY: train-help train-status train-next train-check train-advance train-log

train-help: ## list these targets
	@awk -F ':.*## ' '/^train-[a-z]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' agenticops.mk

train-status: ## show every open ticket
	@$(AGENTICOPS) status

train-next: ## say what to do now (T=TICKET)
	@t='$(T)'; $(AGENTICOPS) next $${t:+"$$t"}

train-check: ## check the whole train, or the gate of one ticket (T=TICKET)
	@t='$(T)'; $(AGENTICOPS) check $${t:+"$$t"}

train-advance: ## run the gate and move on (T=TICKET TO=PHASE COMMIT=1)
	@t='$(T)'; to='$(TO)'; commit='$(COMMIT)'; \
	$(AGENTICOPS) advance $${t:+"$$t"} $${to:+--to "$$to"} $${commit:+--commit}

train-log: ## show what happened (T=TICKET SINCE=today)
	@t='$(T)'; since='$(SINCE)'; $(AGENTICOPS) log $${t:+--ticket "$$t"} $${since:+--since "$$since"}

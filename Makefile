# make run    set everything up, build the sample base, serve both pages
# make test   set everything up, run all tests
# make check  lint and types          make clean  remove the environment
# make slow   the slow tests          make faults kill, starve and race the store (FAULTS_ROUNDS=200: minutes)

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: run test check slow faults clean

run: $(VENV)/.installed
	@$(BIN)/python app_gradio.py $(ARGS)

test: $(VENV)/.installed-test
	@sh scripts/browser.sh
	@$(BIN)/python -m kb models e5
	$(BIN)/python -m pytest -m "not slow and not faults" $(ARGS)

slow: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m slow $(ARGS)

faults: $(VENV)/.installed-test
	@sh scripts/strace.sh
	$(BIN)/python -m pytest tests/faults -m faults -s $(ARGS)

check: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/mypy

$(VENV)/.installed: pyproject.toml constraints.txt scripts/install.py
	@$(PYTHON) scripts/install.py $(VENV)
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(PYTHON) scripts/install.py $(VENV) test dev
	@touch $@

clean:
	rm -rf $(VENV)

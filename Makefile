# The build of the functions, called by `sam build --build-in-source`, once for each function. The first call builds all of
# them, the others find theirs newer than what it is made of. For the other processor: `ARCHITECTURE=arm64 sam build`.

# As the parameter Architecture of the template.
ARCHITECTURE ?= x86_64

PROGRAMS := target/functions/$(ARCHITECTURE)
# What the programs are made of, and by.
SOURCES := Cargo.toml Cargo.lock rust-toolchain.toml deploy/build.sh $(wildcard target/tools/zig/installed.stamp) \
	$(shell find functions shared -type f)

# NewNonceFunction is the program new-nonce.
build-%Function: $(PROGRAMS)/.built
	program=$(PROGRAMS)/$$(echo '$*' | sed 's/\([a-z]\)\([A-Z]\)/\1-\2/g' | tr A-Z a-z) && \
		deploy/fits-lambda.sh "$$program" '$(ARCHITECTURE)' && cp "$$program" '$(ARTIFACTS_DIR)/bootstrap'

$(PROGRAMS)/.built: $(SOURCES)
	deploy/build.sh '$(ARCHITECTURE)' --quiet
	touch '$@'

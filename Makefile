# The build of the functions, called by `sam build --build-in-source`, once for each function. The first call builds all of
# them, the others find theirs done. For the other processor: `ARCHITECTURE=arm64 TARGET=aarch64-unknown-linux-gnu sam
# build`, with Rust's standard library and a linker for it installed (on an arm64 machine without TARGET).

FUNCTIONS := $(notdir $(wildcard functions/*))
# As the parameter Architecture of the template.
ARCHITECTURE ?= x86_64
TARGET ?=
PROGRAMS := target/$(addsuffix /,$(TARGET))lambda

# The cryptographic library would measure the processor's jitter before its first random number, beside asking the kernel:
# 50 ms of a whole processor, of which a function has a third. The kernel's generator is what it rests on either way.
export AWS_LC_SYS_NO_JITTER_ENTROPY := 1

# NewNonceFunction is the program new-nonce.
build-%Function:
	cargo build --quiet --locked --profile lambda --features lambda $(addprefix --target=,$(TARGET)) $(addprefix --package=,$(FUNCTIONS))
	program=$(PROGRAMS)/$$(echo '$*' | sed 's/\([a-z]\)\([A-Z]\)/\1-\2/g' | tr A-Z a-z) && \
		deploy/fits-lambda.sh "$$program" '$(ARCHITECTURE)' && cp "$$program" '$(ARTIFACTS_DIR)/bootstrap'

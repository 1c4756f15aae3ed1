# The build of the functions, called by `sam build --build-in-source`, once for each function. The first call builds all of
# them, the others find theirs done. For another processor: `TARGET=aarch64-unknown-linux-gnu sam build`, with Rust's
# standard library and a linker for it installed.

FUNCTIONS := $(notdir $(wildcard functions/*))
TARGET ?=
PROGRAMS := target/$(addsuffix /,$(TARGET))lambda

# The cryptographic library would measure the processor's jitter before its first random number, beside asking the kernel:
# 50 ms of a whole processor, of which a function has a third. The kernel's generator is what it rests on either way.
export AWS_LC_SYS_NO_JITTER_ENTROPY := 1

# NewNonceFunction is the program new-nonce.
build-%Function:
	cargo build --quiet --locked --profile lambda --features lambda $(addprefix --target=,$(TARGET)) $(addprefix --package=,$(FUNCTIONS))
	cp $(PROGRAMS)/$$(echo '$*' | sed 's/\([a-z]\)\([A-Z]\)/\1-\2/g' | tr A-Z a-z) '$(ARTIFACTS_DIR)/bootstrap'

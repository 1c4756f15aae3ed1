# The build of the functions, called by `sam build --build-in-source`, once for each function. The first call builds all of
# them, the others find theirs done. For the other processor: `ARCHITECTURE=arm64 sam build`.

# As the parameter Architecture of the template.
ARCHITECTURE ?= x86_64

# NewNonceFunction is the program new-nonce.
build-%Function:
	deploy/build.sh '$(ARCHITECTURE)' --quiet
	program=target/functions/$(ARCHITECTURE)/$$(echo '$*' | sed 's/\([a-z]\)\([A-Z]\)/\1-\2/g' | tr A-Z a-z) && \
		deploy/fits-lambda.sh "$$program" '$(ARCHITECTURE)' && cp "$$program" '$(ARTIFACTS_DIR)/bootstrap'

# camroll. Everything here is a line or two; what is longer lives in the scripts and crates that it names.
.PHONY: test demo connectors setup lint bench soak install schema clean

demo: connectors            ## a whole run against a library on loopback, from sign-in to receipt
	demo/run.sh

test: connectors            ## everything that CI checks
	tests/run

connectors: setup           ## the WASM components under target/connectors
	connectors/build.sh

setup:                      ## what a fresh machine lacks
	@tests/setup.sh

lint:                       ## formats, lints, licences
	tests/lint.sh

bench: connectors           ## release builds, measured against icloudpd and plain reqwest; half an hour
	tests/bench/run.sh

soak: connectors            ## one file of 5 GiB into SeaweedFS, killed in its midst; some minutes and 16 GB of disk
	tests/bench/run.sh soak

install: connectors         ## the camroll command, into cargo's bin folder
	cargo install --locked --path engine/cli

schema:                     ## the committed JSON Schemas, made anew
	cargo run -q -p camroll -- schema --write schema

clean:
	rm -rf target

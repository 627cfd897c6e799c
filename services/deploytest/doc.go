// Package deploytest holds what is in deploy/ and docker-compose.yml to what the
// programs do, on machines without a Docker engine. It has tests only.
//
// image_test.go carries out deploy/Dockerfile: what COPY takes, and nothing else,
// goes into an empty folder, the RUN lines of the build stage run there, and what
// the final stage copies is the image that the other tests start programs from.
// compose_test.go reads docker-compose.yml by the compose specification's own
// loader and schema. run_test.go starts every service of ours from that image with
// exactly its command and environment. examples_test.go loads every example.
//
// What no test here shows: that the images of others start as they are set up, and
// what the engine itself does (volumes' owners, capabilities, the read-only root).
package deploytest

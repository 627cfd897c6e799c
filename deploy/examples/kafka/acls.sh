#!/bin/sh
# The users and rights of Mirador on a Kafka cluster with SASL: run it once with an
# administrator's properties.
#
#   BOOTSTRAP=kafka1:9093 ADMIN=admin.properties sh acls.sh
#
# A shipper stands where traffic comes from, so it is the part that is most easily
# taken over. With these rights it can add events and heartbeats and nothing else:
# it reads no topic, changes no catalog and issues no action. (What it writes is a
# claim about traffic; a principal that must not be blocked on its word belongs on
# policy.never_block.)
set -eu
: "${BOOTSTRAP:?host:port of a broker}" "${ADMIN:?properties file of an administrator}"
BIN=${BIN:-/opt/kafka/bin}

user() { # name, file with its password in the first line
  "$BIN/kafka-configs.sh" --bootstrap-server "$BOOTSTRAP" --command-config "$ADMIN" --alter \
    --entity-type users --entity-name "$1" \
    --add-config "SCRAM-SHA-512=[iterations=8192,password=$(head -n 1 "$2")]"
}

allow() {
  "$BIN/kafka-acls.sh" --bootstrap-server "$BOOTSTRAP" --command-config "$ADMIN" --add --allow-principal "$@"
}

if [ -n "${PASSWORDS:-}" ]; then # folder with a file a user
  user mirador-shipper "$PASSWORDS/mirador-shipper"
  user mirador-enforcer "$PASSWORDS/mirador-enforcer"
  user mirador "$PASSWORDS/mirador"
fi

# Shippers: write only. Write implies Describe. The topics must be there before
# (any other service makes them): a shipper cannot.
allow User:mirador-shipper --operation Write --topic mirador.events --topic mirador.sensors
# Its producer is idempotent. Brokers before 2.8 want this right for it.
allow User:mirador-shipper --operation IdempotentWrite --cluster

# Enforcers stand at edges: they read actions and say what they did.
allow User:mirador-enforcer --operation Read --topic mirador.actions --topic mirador.catalog
allow User:mirador-enforcer --operation Write --topic mirador.actions.status

# The detectors, the recorder and the console: everything under the prefix, with
# transactions and groups of their own.
allow User:mirador --operation All --topic mirador. --resource-pattern-type prefixed
allow User:mirador --operation All --group mirador --resource-pattern-type prefixed
allow User:mirador --operation All --transactional-id mirador --resource-pattern-type prefixed
allow User:mirador --operation Describe --operation Create --operation DescribeConfigs --cluster
# A broker that is killed can forget a transaction and keep it open in a partition
# for ever. With these rights a detector ends its own (KIP-664); without them that
# is an administrator's work, with kafka-transactions.sh.
allow User:mirador --operation Read --topic __consumer_offsets --topic __transaction_state
allow User:mirador --operation Alter --cluster

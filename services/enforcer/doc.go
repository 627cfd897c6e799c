// Package enforcer carries out actions: it reads mirador.actions, keeps what
// must hold now, and tells edges, which refuse requests.
//
// Reading order: edge (the contract), desired (what must hold, no I/O),
// worker.go (one edge), enforcer.go and kafka.go (in and out), then the edges:
// decide and nft.
//
// # What holds
//
// The state for a target is the union of the live actions of all issuers: the
// strongest op counts, and an allow of a person wins over everything. A record
// that is not signed by a trusted key is not looked into. A lower revision of a
// key is ignored. not_after ends an action whatever Kafka says; a tombstone of
// its issuer ends it sooner. Guards and caps are applied again here, over all
// partitions and services together: these decide.
//
// # When something fails
//
//	what fails                     what happens
//	Kafka lost                     what holds stays until it expires; Health is red; the consumer reconnects by itself
//	Kafka absent at start          edges stay as they are (nftables) or empty (HTTP: everybody passes); retried with back-off
//	enforcer killed                HTTP edge: the proxy's fail-open; nftables: elements time out in the kernel by themselves
//	enforcer restarted             the topic is read from its start, then each edge is made equal to what holds
//	edge cannot be told            status failed, retried with back-off by making the edge equal to what holds; other edges go on
//	edge changed behind our back   put right at the next periodic reconcile
//	unsigned or forged record      refused, counted, logged; the state does not change
//	flood of actions               caps: the breaker trips, further automatic actions are refused for caps.hold, status says so
//	a wrong automatic block        an allow of a person lifts it everywhere; kill_file lifts all at once
//	status topic unavailable       statuses are dropped and counted; enforcement never waits for them
//	wrong token at /v1/decide      everybody passes, counted and logged: a wrong setting must not close the API
//	panic in a decision            that request passes, counted
package enforcer

// Package runner holds the stages of a service: what is between Kafka and a
// detector, and between Kafka and a table.
//
// Reading order: stage.go (the kinds of stage, and what Run survives),
// session.go (the loop), partition.go (state and watermark of one partition)
// with machine_event.go and machine_partial.go, commit.go (the transaction),
// takeover.go (restore and replay), snapshotting.go, produce.go, watch.go (lag,
// idleness, health), sink.go. local.go runs the same partitions in memory.
//
// # The loop of a detect or merge stage
//
//	+--> poll ----> settle ----> prepare ----> apply ----> idle? --+
//	|    (records)  (partitions  (workers, in  (in order,          |
//	|                given and   parallel)     outputs into        |
//	|                taken)                    pending)            |
//	|                                                              |
//	+-- ok: committed = next, pending emptied <---- commit <-------+
//	    abort: nothing changes, tried again         every CommitInterval,
//	                                                at once when urgent
//
// commit is: Flush of every detector, snapshots that are due, Begin, all pending
// of all partitions, End with the positions. The positions are the partitions'
// next and not what the client polled last. So an abort, which winds the client
// back, loses nothing and repeats nothing: what it fetches again is below next
// and passed over, and the outputs that were kept always reach exactly to the
// position that goes with them. That is the whole of exactly once here; the rest
// is to never commit for a partition that is not owned.
//
// # Ownership
//
// A partition is owned by one goroutine at a time: takeOver, on a goroutine of
// the client, makes and restores it, duty hands it over, the loop has it until it
// drops it. Workers touch items only, between prepare's start and end. The watch
// reads standing, which is atomic. A snapshot being written owns what
// it writes: see detect.Capturer.
//
// Locks: duty.mu and watch.mu, vitals.mu, pouring.mu. None is held while another
// is taken or while the client is called. The session's own lock is held around
// the callbacks of revocation and loss, which therefore only queue.
//
// BlockRebalanceOnPoll keeps partitions from going between a poll and the end of
// apply. In the session only the first revocation between two Ends reaches the
// callback, so settle also compares with the newest assignment, which
// duty.balancer overhears: a partition that is not in it is dropped. A revocation
// that comes after settle makes End abort.
//
// # Event time
//
// The watermark of a partition of events is the newest event's time less
// Lateness; stamps beyond ClampAhead of the broker's are the broker's. Advance is
// called before the record that passes an AdvanceStep. A partition that the
// brokers say is at its end, without a record for IdleAdvance, follows the
// clock, that far behind: the one place where a clock decides anything. A replay
// could not know of it, so it is in the same transaction as a snapshot.
//
// A partial carries the watermark of the Flush before its own: everything below
// went out earlier. After the partials of a Flush the new watermark goes to every
// partition of mirador.partials, for the kinds the stage lists. A merge stage
// takes the minimum over all sources, so when it passes a time, all partials up
// to there were merged. A merger may put out partials too, for the merge stage of
// another kind, never its own: they carry no watermark, for they do not come from
// a partition of events.
//
// # What fails, and what then
//
//	fault                           what happens
//	transaction aborted             outputs and state kept, tried again with a growing pause
//	rebalance                       state of what went is dropped; who has it restores it
//	SIGKILL                         the next start ends the open transaction (ProducerID), restores, replays
//	stopped, then continued (a      the broker fences or expels it; the session is given up, all
//	zombie)                         state dropped, a new one begins
//	two processes of one Instance   they fence each other in turns, with growing pauses: set Instance
//	broker gone                     commits wait up to CommitTimeout, then a new session; the error
//	                                names the addresses; health is red; never an exit
//	record does not decode          dead letter, in the same transaction
//	more than PoisonShare of it     the stage stops before committing, says so, tries with pauses
//	detector panics on a record     finding RUNNER-PANIC, dead letter, detection goes on. The
//	                                detector's state may have seen a part of the record: a replay
//	                                sees the same part
//	detector panics in Flush,       logged and counted; what it would have put out is lost
//	Advance when idle, Snapshot
//	output too large                replaced by a dead letter
//	snapshot torn or corrupt        passed over: the older one, then the log
//	no snapshot, log not whole      alarm data_loss_total, state from what retention holds
//	table does not answer           the sink tries for ever; its lag grows; nothing else does
//	sink refuses a record           dead letter, acknowledged before the offset is committed
//	stop                            last flush, snapshot, commit; a static member keeps its
//	                                partitions for SessionTimeout, so a restart causes no rebalance
package runner

package behavior

import (
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// detection is a rule of the first stage with its state, a file each. It is for one
// goroutine.
type detection interface {
	// observe shows it a transaction; o is valid until it returns.
	observe(o *observation, out *detect.Out)
	// capture and decode are its part of a snapshot. decode refuses what capture cannot
	// have written: the bytes may come from anybody who can write to the topic.
	capture(c *keyed.Capture)
	decode(d *msgpack.Decoder) error
}

// latecomer is a detection that looks at what a transaction served, once that is known.
type latecomer interface {
	afterwards(o *observation, out *detect.Out)
}

// flusher is a detection that gathers partials for the second stage.
type flusher interface {
	flush(out *detect.Out)
}

// gathering is a rule of the second stage: it adds up the partials of one dimension,
// of all partitions. Their order among sources must not matter to it.
type gathering interface {
	// merge takes a partial in; key hashes its tenant and dimension.
	merge(p *detect.Partial, key uint64)
	// advance judges what ended before bucket b; watermarks that stay within a bucket
	// do not come.
	advance(b int64, out *detect.Out)
	capture(c *keyed.Capture)
	decode(d *msgpack.Decoder) error
}

// Rules are the detections of this package.
func Rules() []finding.Rule {
	return []finding.Rule{
		recon01, enum01, bola01, cred01, fuzz01, gql01, mass01, ssrf01, ew01,
		cred02, tok01, jwt01, rep01, bot01, auth01, ato01, bfla01, rate01, exfil01,
		txn01, seq01, scrape01, slow01, spam01, hoard01, res01,
	}
}

// named is a detection with the name that errors call it by.
type named struct {
	name string
	detection
}

// detections makes the first stage's, in the order in which they see a transaction.
func detections(cfg *Config, m *Metrics, actors *keyed.Actors, met *acquaintances) []named {
	released := newReleases(cfg, m)
	logins, walks, sequences := newCred(cfg, m), newEnum(cfg, m), newSeq(cfg, m, actors, released)
	return []named{
		{"acquaintances", met},
		{recon01.ID, newRecon(cfg, m, actors)},
		{cred01.ID, logins},
		{enum01.ID, walks},
		{"strange", newStrange(cfg, m, actors, walks)},
		{bola01.ID, newBola(cfg, m, actors)},
		{fuzz01.ID, newFuzz(cfg, m)},
		{gql01.ID, newGql(cfg, m)},
		{mass01.ID, newMass(cfg, m, released)},
		{"calls", newEdges(cfg, m)},
		{rate01.ID, newRate(cfg, m, actors, released)},
		{exfil01.ID, newExfil(cfg, m, actors)},
		{cred02.ID, newSpray(cfg, m, logins)},
		{tok01.ID, newTok(cfg, m, actors)},
		{jwt01.ID, newJWT(cfg, m)},
		{rep01.ID, newReputed(cfg, m)},
		{auth01.ID, newAuth(cfg, m)},
		{ato01.ID, newAto(cfg, m, actors)},
		{bfla01.ID, newBfla(cfg, m, actors, released)},
		{txn01.ID, newTxn(cfg, m)},
		{seq01.ID, sequences},
		{"flows", sequences.flows},
		{scrape01.ID, newScrape(cfg, m, actors)},
		{slow01.ID, newSlow(cfg, m)},
		{spam01.ID, newSpam(cfg, m)},
		{hoard01.ID, newHoard(cfg, m)},
		{res01.ID, newRes(cfg, m)},
		{"releases", released},
	}
}

// gatherer is a gathering with its name in snapshots and the dimension it takes: what
// stands before "|" in the dimension of a partial. Several may take one.
type gatherer struct {
	name, dimension string
	gathering
}

// gatherings makes the second stage's, in the order in which they judge.
func gatherings(cfg *Config, m *Metrics) []gatherer {
	return []gatherer{
		{"login", "login", newCampaigns(cfg, m)},
		{"service", "service", newCallers(cfg, m)},
		{"account", "login", newAccounts(cfg, m)},
		{"open", "open", newOpenings(cfg, m)},
		{"payers", "payers", newSpreads(cfg, m, payersAt(cfg))},
		{"payer", "payer", newSpreads(cfg, m, payersOf(cfg))},
		{"tokens", "tokens", newSpreads(cfg, m, tokensAt(cfg))},
		{"clients", "clients", newSpreads(cfg, m, clientsOf(cfg))},
		{"guess", "guess", newGuesses(cfg, m)},
		{"text", "text", newSpreads(cfg, m, textsOf(cfg))},
		{"flow", "flow", newFlowGraphs(cfg, m)},
	}
}

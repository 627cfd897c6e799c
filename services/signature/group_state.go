package signature

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/vmihailenco/msgpack/v5"
)

// snapshotVersion changes with the shape of any state. An unknown one is refused: the
// runner then replays what retention holds.
const snapshotVersion = 2

// Advance implements detect.Advancer: it ends the groups that are quiet.
func (d *detector) Advance(watermark time.Time, out *detect.Out) {
	d.groups.advance(watermark.UnixNano(), out)
}

// Snapshot implements detect.Stateful: the open groups are state, and what is usual
// where.
func (d *detector) Snapshot(w io.Writer) error {
	e := msgpack.NewEncoder(w)
	if err := errors.Join(e.EncodeInt(snapshotVersion), d.groups.open.Encode(e), d.groups.callers.Encode(e),
		d.habits.places.Encode(e), d.habits.watched.Encode(e)); err != nil {
		return fmt.Errorf("signature: snapshot: %w", err)
	}
	return nil
}

// Restore implements detect.Stateful.
func (d *detector) Restore(r io.Reader) error {
	dec := msgpack.NewDecoder(r)
	v, err := dec.DecodeInt64()
	if err != nil {
		return fmt.Errorf("signature: restore: version: %w", err)
	}
	if v != snapshotVersion {
		return fmt.Errorf("signature: restore: version %d, this program reads %d", v, snapshotVersion)
	}
	if err := d.groups.open.Decode(dec, (*group).valid); err != nil {
		return fmt.Errorf("signature: restore groups: %w", err)
	}
	if err := d.groups.callers.Decode(dec, (*caller).valid); err != nil {
		return fmt.Errorf("signature: restore callers: %w", err)
	}
	if err := d.habits.places.Decode(dec, (*habit).valid); err != nil {
		return fmt.Errorf("signature: restore habits: %w", err)
	}
	if err := d.habits.watched.Decode(dec, (*watch).valid); err != nil {
		return fmt.Errorf("signature: restore watched endpoints: %w", err)
	}
	return nil
}

// said is a finding in a snapshot: its record, as on the topic.
type said finding.Finding

// EncodeMsgpack implements msgpack.CustomEncoder.
func (f *said) EncodeMsgpack(e *msgpack.Encoder) error {
	b, err := finding.Encode((*finding.Finding)(f))
	if err != nil {
		return err
	}
	return e.EncodeBytes(b)
}

// DecodeMsgpack implements msgpack.CustomDecoder.
func (f *said) DecodeMsgpack(d *msgpack.Decoder) error {
	b, err := d.DecodeBytes()
	if err != nil {
		return err
	}
	v, err := finding.Decode(b)
	*f = said(v)
	return err
}

func (s *group) valid() error {
	f := &s.F
	if len(f.Events) > finding.MaxEvents || len(f.Evidence) > finding.MaxEvidence || len(f.Subject.Addresses) > maxAddresses {
		return fmt.Errorf("group of %d events, %d exemplars, %d addresses", len(f.Events), len(f.Evidence), len(f.Subject.Addresses))
	}
	if s.Count == 0 || s.Put == 0 || s.Put > s.Count || s.Last < s.Start || f.Severity.Weight() == 0 {
		return fmt.Errorf("group of %d, %d of them put out, from %d to %d, %q", s.Count, s.Put, s.Start, s.Last, f.Severity)
	}
	return errors.Join(s.Places.valid(), s.Rules.valid(), s.Endpoints.valid(), s.Tokens.valid())
}

func (c *caller) valid() error { return c.Endpoints.valid() }

func (d *distinct) valid() error { return d.Seen.Valid() }

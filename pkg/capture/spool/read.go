package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Block is a block that was read. Its records are valid until the next Next.
type Block struct {
	Records [][]byte
	segment uint64
	end     int64
}

// Next gives the oldest block that was not acknowledged, io.EOF where there is
// none. Damaged blocks are counted as lost and passed over, with the rest of
// their segment: behind a wrong length nothing can be found again. What is
// gathered in memory is written first where nothing else is left.
func (s *Spool) Next() (*Block, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, io.EOF
	}
	s.dropOld()
	for {
		if len(s.segments) == 0 || len(s.segments) == 1 && s.segments[0].read >= s.segments[0].size {
			if s.records == 0 || s.flush() != nil || len(s.segments) == 0 {
				return nil, io.EOF
			}
		}
		g := s.segments[0]
		if g.read >= g.size {
			if g.open {
				return nil, io.EOF
			}
			s.remove(0)
			continue
		}
		block, err := s.readBlock(g)
		if err == nil {
			return block, nil
		}
		s.log.Error("spool: a segment is damaged, the rest of it is lost", "file", g.path, "offset", g.read, "records", g.pending, "error", err)
		if g.open {
			s.roll() // no more may be written behind the damage
			if len(s.segments) == 0 || s.segments[0] != g {
				continue
			}
		}
		s.cfg.Lost(g.pending, LostCorrupt)
		g.pending = 0
		s.remove(0)
	}
}

func (s *Spool) readBlock(g *segment) (*Block, error) {
	if s.reading == nil || s.reading.Name() != g.path {
		if s.reading != nil {
			s.reading.Close() // opened for reading only: nothing can be lost
			s.reading = nil
		}
		f, err := os.Open(g.path)
		if err != nil {
			return nil, err
		}
		s.reading = f
	}
	var head [blockHead]byte
	if _, err := s.reading.ReadAt(head[:], g.read); err != nil {
		return nil, err
	}
	h, ok := readHead(head[:])
	if !ok || g.read+blockHead+int64(h.payload) > g.size {
		return nil, fmt.Errorf("%w: header", errDamaged)
	}
	raw := make([]byte, blockHead+h.payload)
	if _, err := s.reading.ReadAt(raw, g.read); err != nil {
		return nil, err
	}
	records, out, err := unpack(s.dec, raw, s.readData)
	s.readData = out
	if err != nil {
		return nil, err
	}
	return &Block{Records: records, segment: g.number, end: g.read + int64(len(raw))}, nil
}

// Ack says that every record of b is safe elsewhere, or lost and counted. It
// moves the cursor, and removes the segment behind its last block. False: a cap
// dropped the block meanwhile, and Lost was told. An error concerns the cursor
// only: after a crash the block would be given again.
func (s *Spool) Ack(b *Block) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.segments) == 0 || s.segments[0].number != b.segment || s.segments[0].read >= b.end {
		return false, nil
	}
	g := s.segments[0]
	g.read = b.end
	g.pending -= len(b.Records)
	if g.read >= g.size && !g.open {
		s.remove(0)
		return true, nil
	}
	return true, s.saveCursor(g)
}

// remove deletes segment i. A file that stays is only said: it would be sent
// again, and known again downstream.
func (s *Spool) remove(i int) {
	g := s.segments[i]
	if s.reading != nil && s.reading.Name() == g.path {
		s.reading.Close()
		s.reading = nil
	}
	if err := os.Remove(g.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.log.Warn("spool: a segment that was sent cannot be removed", "file", g.path, "error", err)
	}
	s.segments = slices.Delete(s.segments, i, i+1)
}

// dropOld keeps the caps.
func (s *Spool) dropOld() {
	var total int64
	for _, g := range s.segments {
		total += g.size
	}
	now := s.cfg.Now()
	for len(s.segments) > 0 {
		g := s.segments[0]
		reason := ""
		switch {
		case now.Sub(g.created) > s.cfg.MaxAge:
			reason = LostAge
		case total > s.cfg.MaxBytes:
			reason = LostBytes
		default:
			return
		}
		total -= g.size
		if g.open {
			s.roll()
			if len(s.segments) == 0 || s.segments[0] != g {
				continue
			}
		}
		if g.pending > 0 {
			s.log.Warn("spool: the oldest records are dropped to keep the caps", "folder", s.cfg.Dir, "records", g.pending, "reason", reason)
			s.cfg.Lost(g.pending, reason)
		}
		s.remove(0)
	}
}

// saveCursor writes "<segment> <offset>" in one step.
func (s *Spool) saveCursor(g *segment) error {
	path := filepath.Join(s.cfg.Dir, "cursor")
	tmp := path + ".new"
	if err := os.WriteFile(tmp, fmt.Appendf(nil, "%016x %d\n", g.number, g.read), 0o600); err != nil {
		return fmt.Errorf("spool: cursor: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("spool: cursor: %w", err)
	}
	return nil
}

// scan takes stock of a folder that an earlier run left.
func (s *Spool) scan() error {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("spool: folder %s: %w", s.cfg.Dir, err)
	}
	var cursorSegment uint64
	var cursorAt int64
	if b, err := os.ReadFile(filepath.Join(s.cfg.Dir, "cursor")); err == nil {
		// A cursor that cannot be read costs a repetition, nothing else.
		_, _ = fmt.Sscanf(string(b), "%x %d", &cursorSegment, &cursorAt)
	}
	for _, e := range entries { // sorted by name, which is by number
		base, ok := strings.CutSuffix(e.Name(), ".spool")
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(base, 16, 64)
		if err != nil || segmentName(n) != e.Name() {
			continue
		}
		s.next = max(s.next, n+1)
		g := &segment{number: n, path: filepath.Join(s.cfg.Dir, e.Name())}
		if n == cursorSegment {
			g.read = cursorAt
		}
		if err := s.survey(g); err != nil {
			s.log.Error("spool: a segment of an earlier run cannot be read, it is put aside", "file", g.path, "error", err)
			// Renamed, so that each start does not say it again, and nobody's data is deleted.
			if err := os.Rename(g.path, g.path+".damaged"); err != nil {
				s.log.Error("spool: a damaged segment cannot be put aside", "file", g.path, "error", err)
			}
			continue
		}
		s.segments = append(s.segments, g)
		if g.pending == 0 {
			s.remove(len(s.segments) - 1)
		}
	}
	return nil
}

// survey walks the headers of a segment's blocks. The segment ends for us where
// a whole block no longer follows: the run that wrote it was cut off there.
func (s *Spool) survey(g *segment) error {
	f, err := os.Open(g.path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	g.created = info.ModTime()
	if info.Size() < headerSize {
		return nil // cut off while it was created: empty
	}
	if g.read > info.Size() {
		g.read = 0 // the cursor is not of this file: better sent twice than not at all
	}
	start := max(g.read, headerSize)
	g.read, g.size = start, headerSize
	var first [headerSize]byte
	if _, err := f.ReadAt(first[:], 0); err != nil || string(first[:]) != magic {
		return fmt.Errorf("%w: not a spool segment", errDamaged)
	}
	var head [blockHead]byte
	for at := headerSize; at < info.Size(); {
		if _, err := f.ReadAt(head[:], at); err != nil {
			s.torn(g, at, info.Size())
			break
		}
		h, ok := readHead(head[:])
		end := at + blockHead + int64(h.payload)
		if !ok || end > info.Size() {
			s.torn(g, at, info.Size())
			break
		}
		if at >= start {
			g.pending += h.records
		}
		at, g.size = end, end
	}
	return nil
}

func (s *Spool) torn(g *segment, at, size int64) {
	s.log.Warn("spool: a segment of an earlier run ends within a block, which is lost", "file", g.path, "offset", at, "bytes", size-at)
}

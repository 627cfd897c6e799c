package sets

import (
	"bytes"
	"testing"
)

// How many there are of each; a line that is lost would not be missed otherwise.
const (
	ownPayloads, ownPayloadsUnseen = 3191, 1356
	ownExploits, ownExploitsUnseen = 289, 185
	ownNormal, ownNormalUnseen     = 389, 398
)

// The halves share no payload and no weakness, what is never looked at is held out,
// and the same seeds give the same requests.
func TestOwn(t *testing.T) {
	a, err := Own(1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Own(1)
	if err != nil {
		t.Fatal(err)
	}
	side := map[string]bool{}
	var payloads, exploits, normal [2]int
	for i := range a {
		s := &a[i]
		if !bytes.Equal(s.Line, b[i].Line) || s.Attack == (s.Class == "normal") || s.Event == nil || s.Unseen && !s.HeldOut() {
			t.Fatalf("%d: %+v", i, s)
		}
		unseen, known := side[s.Source]
		if known && unseen != s.Unseen {
			t.Errorf("%s is both looked at and not", s.Source)
		}
		if known {
			continue
		}
		side[s.Source] = s.Unseen
		k := 0
		if s.Unseen {
			k = 1
		}
		switch s.Class {
		case "exploit":
			exploits[k]++
		case "normal":
			normal[k]++
		default:
			payloads[k]++
		}
	}
	if payloads != [2]int{ownPayloads, ownPayloadsUnseen} || exploits != [2]int{ownExploits, ownExploitsUnseen} || normal != [2]int{ownNormal, ownNormalUnseen} {
		t.Errorf("payloads %v, exploits %v, normal %v", payloads, exploits, normal)
	}
}

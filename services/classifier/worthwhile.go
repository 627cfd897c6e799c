package classifier

// kinds of bytes, a bit each.
const (
	digit = 1 << iota
	letter
	at
	inner // of words, not of their ends
)

var kinds = func() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = digit
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c], t[c|0x20] = letter, letter
	}
	t['@'] = at
	for _, c := range "._-+~" {
		t[c] = inner
	}
	return t
}()

// What the scanner finds without a name has an '@', or enough digits, or a long word, or
// is an address of letters and colons.
const (
	fewestDigits = 7
	longWord     = 16
)

// worthwhile says whether v can hold anything that the scanner knows. It settles most
// values, and without a branch that depends on them.
func worthwhile(v []byte) bool {
	if len(v) > maxTally {
		return true
	}
	sum, run, longest := uint64(0), 0, 0
	for _, b := range v {
		sum += tallies[b]
		run = (run + 1) & inWord[b]
		longest = max(longest, run)
	}
	digits, colons, ats, inners := sum&maxTally, sum>>16&maxTally, sum>>32&maxTally, sum>>48
	return ats > 0 || digits >= fewestDigits || longest >= longWord || digits >= 4 && inners > 0 || colons >= 2
}

// maxTally is the most of a kind of bytes that a quarter of a sum holds.
const maxTally = 1<<16 - 1

// tallies count the kinds of bytes that worthwhile goes by, each in a quarter.
var tallies = func() (t [256]uint64) {
	for b, c := range kinds {
		switch c {
		case digit:
			t[b] = 1
		case at:
			t[b] = 1 << 32
		case inner:
			t[b] = 1 << 48
		}
	}
	t[':'] = 1 << 16
	return t
}()

// inWord has all bits set for a byte of a word, none for another.
var inWord = func() (t [256]int) {
	for b, c := range kinds {
		if c != 0 {
			t[b] = -1
		}
	}
	return t
}()

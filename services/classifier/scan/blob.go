package scan

// Where many signs of base64 stand together and their kinds change as chance has it, no word begins within
// another and nothing is a number, so that pictures and other files in a text are passed in parts. Behind a
// slash or a plus words begin as elsewhere.
const (
	withinBlob = 12 // signs of a word before it may be one
	blobPart   = 32 // that are looked at together
	leastTurns = 16 // from one kind to another in a part: of 32 drawn by chance it is some twenty
	mostDigits = 9  // in a row: a longer one may be somebody's number
)

var base64Signs = alphabets['b']

// blob is where the parts end that begin at i and look drawn by chance, i where there is none.
func (l *line) blob(i int) int {
	text, end := l.text, i
	for len(text)-end >= blobPart {
		n := drawn(text[end : end+blobPart])
		l.looked = end + n
		if n < blobPart {
			break
		}
		for end += blobPart; kinds[text[end-1]] == digit; end-- { // a number may go on behind it
		}
	}
	for end > i && kinds[text[end-1]] != lower && kinds[text[end-1]] != upper { // a word may begin behind it
		end--
	}
	return end
}

// drawn is the length of part where it looks drawn by chance, else how much of it is in no part that
// does.
func drawn(part []byte) int {
	turns, row, before := 0, 0, uint8(other)
	for i, c := range part {
		k := kinds[c]
		if !base64Signs[c] {
			return i + 1
		}
		if k != before {
			turns, row, before = turns+1, 0, k
		}
		if k == digit {
			if row++; row > mostDigits {
				return i + 1
			}
		}
	}
	if turns < leastTurns {
		return blobPart / 2
	}
	return len(part)
}

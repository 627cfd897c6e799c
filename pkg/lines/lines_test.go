package lines

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 30)
	in := long + "\nshort\n" + long + "\n" + long[:20] + "\nend"
	r := New(bufio.NewReaderSize(strings.NewReader(in), 16), 21)
	var got []string
	for {
		line, err := r.one()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, ErrTooLong) {
			t.Fatal(err)
		}
		got = append(got, string(line))
	}
	if want := []string{"", "short\n", "", long[:20] + "\n", "end"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Empty lines count and are passed over; an error of reading is told as it is.
func TestNext(t *testing.T) {
	broken := errors.New("broken")
	in := io.MultiReader(strings.NewReader("\n\r\n  a \r\n"+strings.Repeat("x", 40)+"\n\nb\nc"), failing{broken})
	r := New(bufio.NewReaderSize(in, 16), 21)
	for _, want := range []struct {
		line   string
		number int
		err    error
	}{{"a", 3, nil}, {"", 4, ErrTooLong}, {"b", 6, nil}, {"", 6, broken}} {
		line, err := r.Next()
		if string(line) != want.line || r.Number() != want.number || !errors.Is(err, want.err) {
			t.Errorf("%q, line %d, %v; want %q, %d, %v", line, r.Number(), err, want.line, want.number, want.err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

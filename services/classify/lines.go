package classify

import (
	"bufio"
	"errors"
	"io"
)

// errTooLong is of one line, behind which the next begins.
var errTooLong = errors.New("it is longer than can be read")

// byteOrderMark is what some editors put before a file.
var byteOrderMark = []byte("\ufeff")

// lines are those of in; what next gives holds until it is called again.
type lines struct {
	in   *bufio.Reader
	most int // bytes of a line
	line []byte
}

// next is the next line with what ends it; io.EOF behind the last, errTooLong for one that is passed over.
func (l *lines) next() ([]byte, error) {
	l.line = l.line[:0]
	for long, some := false, false; ; {
		part, err := l.in.ReadSlice('\n')
		some = some || len(part) > 0
		if long = long || len(l.line)+len(part) > l.most; !long {
			l.line = append(l.line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !(errors.Is(err, io.EOF) && some):
			return nil, err
		case long:
			l.line = nil // it has grown
			return nil, errTooLong
		}
		return l.line, nil
	}
}

package behavior

// minutes counts by minute over the last hour.
type minutes struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// At is the newest minute since the epoch; Ring[m%60] counts minute m, saturating.
	At   int64
	Ring [60]uint8
}

const (
	minute = int64(60e9) // ns
	hour   = 60 * minute
)

// add moves on to the minute of now and adds n to it. What comes late counts for the
// newest minute.
func (m *minutes) add(now int64, n uint8) {
	m.move(now)
	i := slotOf(m.At)
	m.Ring[i] += min(n, 255-m.Ring[i])
}

func (m *minutes) move(now int64) {
	at := now / minute
	switch {
	case at <= m.At:
		return
	case at-m.At >= 60 || m.At <= 0:
		m.Ring = [60]uint8{}
	default:
		for t := m.At + 1; t <= at; t++ {
			m.Ring[slotOf(t)] = 0
		}
	}
	m.At = at
}

// sum is the count of the last n minutes, up to 60.
func (m *minutes) sum(n int64) (s int) {
	for t := m.At; t > m.At-n; t-- {
		s += int(m.Ring[slotOf(t)])
	}
	return s
}

// slotOf holds for times before the epoch too, which a clock never set gives.
func slotOf(t int64) int64 { return ((t % 60) + 60) % 60 }

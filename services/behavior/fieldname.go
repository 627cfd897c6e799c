package behavior

import "strings"

// fieldName is what the name of a member, parameter or header says to the rules that ask.
// An API has a few hundred names, and an answer the same ones again and again.
type fieldName struct {
	bare string // see bare
	noun string // see nounOf
	// kind hashes noun within scope, the hash of the tenant that it was last asked for.
	kind, scope uint64
	class       classes

	id, number, transient, served, link bool
	user, password, secret              bool // secret is a password and nothing else
	size, card                          bool
}

func readName(name string) *fieldName {
	return &fieldName{bare: bare(name), noun: nounOf(name), class: sensitiveNames[bare(name)],
		id: idName(name), number: numberName(name), transient: transient(name), served: servedName(name), link: linkName(name),
		user: userName(name), password: passwordName(name), secret: certainly(name), size: sizeName(name), card: cardName(name)}
}

// names are what names of fields, paths of members and user agents say, as far as they
// were met.
type names struct {
	fields  memo[*fieldName]
	parties memo[party]
	agents  memo[uint64] // families of user agents
}

func newNames(h *hasher) names {
	return names{fields: newMemo(readName), parties: newMemo(partyOf), agents: newMemo(h.family)}
}

// memo holds what read made of short texts. Who asks chooses them, so it begins anew
// when there are many; it is never walked.
type memo[V any] struct {
	read  func(string) V
	known map[string]V
}

const (
	maxMemo     = 4096
	maxMemoText = 256 // bytes
)

func newMemo[V any](read func(string) V) memo[V] { return memo[V]{read: read, known: map[string]V{}} }

func (m *memo[V]) of(text string) V {
	if v, ok := m.known[text]; ok {
		return v
	}
	return m.learn(strings.Clone(text))
}

func (m *memo[V]) ofBytes(text []byte) V {
	if v, ok := m.known[string(text)]; ok { // without a copy
		return v
	}
	return m.learn(string(text))
}

func (m *memo[V]) learn(text string) V {
	v := m.read(text)
	if len(text) <= maxMemoText {
		if len(m.known) == maxMemo {
			clear(m.known)
		}
		m.known[text] = v
	}
	return v
}

// name is what the name of a field says.
func (o *observation) name(name string) *fieldName { return o.names.fields.of(name) }

// family hashes the user agent without its numbers, 0 where there is none.
func (o *observation) family() uint64 {
	if ua := o.tx.Event.RequestHeader("User-Agent"); len(ua) > 0 {
		return o.names.agents.ofBytes(ua)
	}
	return 0
}

// kindOf hashes the noun of a name.
func (o *observation) kindOf(f *fieldName) uint64 {
	if f.scope != o.scope {
		f.kind, f.scope = o.hash.within(f.noun), o.scope
	}
	return f.kind
}

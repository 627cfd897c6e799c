package behavior

import (
	"fmt"
	"strconv"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
)

// cardTrier is one principal that pays with cards: TXN-01's card testing. Few people
// own five cards, and nobody five that are declined within an hour. A shopper whose one
// card is declined again and again is one card.
type cardTrier struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Cards    keyed.List[cardTry]
	Episode  episode
}

// cardTry is the newest payment with a card.
type cardTry struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Card     uint64
	At       int64
	Declined bool
}

const maxCards = 64 // remembered a principal

func (s *cardTrier) valid() error {
	if len(s.Cards) > maxCards {
		return fmt.Errorf("principal of %d cards", len(s.Cards))
	}
	return s.Episode.valid()
}

// refusedPayment says whether a payment was declined: 5xx says nothing of the card.
func refusedPayment(status uint16) bool { return status >= 400 && status < 500 && status != 404 }

func (r *txn) card(o *observation, card []byte, out *detect.Out) {
	tx, c := o.tx, &r.cfg.Txn
	declined := refusedPayment(tx.Event.Status)
	if !declined && !o.ok {
		return
	}
	s := r.cards.Touch(mix(o.who, o.endpoint))
	if n := len(s.Cards); n > 0 && o.now-s.Cards[n-1].At > 24*hour {
		s.Cards = s.Cards[:0]
		s.Episode.idle()
	}
	if !s.try(o.hash.user(tx.Tenant, card), o.now, declined) {
		return
	}
	s.Episode.see(tx, o.now, r.cfg, func() string { return "card " + shapeOf(string(card)) })
	cards, bad := s.since(o.now - hour)
	cardsDay, badDay := s.since(o.now - 24*hour)
	limit, window := c.Cards, "1 h"
	if cards < c.Cards || float64(bad) < c.Declined*float64(cards) {
		if cardsDay < c.CardsDay || float64(badDay) < c.Declined*float64(cardsDay) {
			return
		}
		cards, bad, limit, window = cardsDay, badDay, c.CardsDay, "24 h"
	}
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&txn01, tx, "cards", tx.Principal, tx.Endpoint.ID)
	f.Title = "Cards tried out"
	share := float64(bad) / float64(cards)
	f.Confidence = min(0.97, 0.7+0.15*min(1, float64(cards)/float64(4*limit))+0.12*share)
	f.Features = []finding.Number{{Name: "cards", Value: float64(cards)}, {Name: "declined", Value: float64(bad)}, {Name: "limit", Value: float64(limit)}}
	f.Baseline = []finding.Number{{Name: "cards_1h", Value: float64(c.Cards)}, {Name: "cards_24h", Value: float64(c.CardsDay)}, {Name: "declined_share", Value: c.Declined}}
	f.Summary = fmt.Sprintf("%d different cards at %s in %s, %d of them declined", cards, tx.Endpoint.Label, window, bad)
	f.Counterfactual = fmt.Sprintf("%d or fewer cards in %s would not alert, nor would more of which %.0f %% are accepted", limit-1, window, 100-100*c.Declined)
	out.Finding(f)
}

// try takes note of a payment and says whether the card, or that it is declined, is new.
func (s *cardTrier) try(card uint64, now int64, declined bool) bool {
	for i := range s.Cards {
		if s.Cards[i].Card != card {
			continue
		}
		t := s.Cards[i]
		news := declined && !t.Declined
		t.At, t.Declined = max(t.At, now), t.Declined || declined
		copy(s.Cards[i:], s.Cards[i+1:])
		s.Cards[len(s.Cards)-1] = t
		return news
	}
	if len(s.Cards) == maxCards {
		copy(s.Cards, s.Cards[1:])
		s.Cards = s.Cards[:maxCards-1]
	}
	s.Cards = append(s.Cards, cardTry{Card: card, At: now, Declined: declined})
	return true
}

func (s *cardTrier) since(at int64) (cards, declined int) {
	for _, t := range s.Cards {
		if t.At < at {
			continue
		}
		cards++
		if t.Declined {
			declined++
		}
	}
	return cards, declined
}

func numberOf(b []byte) (float64, bool) {
	n, err := strconv.ParseFloat(string(b), 64)
	return n, err == nil
}

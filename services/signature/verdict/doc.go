// Package verdict is the second stage of the signature detector: what the rules of
// the core rule set and of package pack matched is put together a place (a leaf, a
// header, the path) and weighed by what is known of that place.
//
// A rule that fires on prose says little; the same rule on a value that is one short
// token says much. So a term of the model is a kind of match and the context it was
// found in: "crs@prose", "pack.sure@token". To these come what rules agree on, how
// much of the value the match covers, how deep it was hidden, what the field is
// called, what else is odd about the request (duplicate keys, a body that is not what
// it says it is), what the answer shows (the output of a command, an error of a
// database, the input reflected) and what the catalog has learned that the field holds.
// An entrance of a product counts where the request has nothing of a browser or an account.
// How common such matches are here is for the detector to know, which has a state; the
// weight of it is stated with each judgement.
//
// An answer is judged in the same way with terms of its own, all set by hand: an error in
// plain words of a service that failed is a leak, a page that tells of errors is none.
//
// The score is the logistic of the weighed sum of the place that says most. Weights
// are in weights.json, fitted by loadtest/signature/train; those of terms that no
// corpus can teach (answers, what is learned) are set by hand and stand there apart. The terms
// go into the evidence with their contributions: there is nothing else to the score.
package verdict

// Package redact keeps secrets out of logs.
//
//	redactor, err := redact.New(redact.Config{Keys: []string{"iban"}})
//	...
//	logger := zap.New(redactor.Core(core))
//	logger.Info("connected", zap.String("password", "hunter2"), zap.String("dsn", "postgres://app:hunter2@db/app"))
//	// {"msg":"connected","password":"[redacted]","dsn":"[redacted]"}
//
// It finds them in three ways. By name: what stands under password, api_key, clientSecret, Authorization is hidden, at any depth
// of objects, lists, maps and structs. By type: a value with a method Reveal() string is a secret wherever it is. By look: texts,
// which are messages, strings, errors, stacks, and what values print, are looked through for name=value and its relatives and
// for what is known to be a secret by itself, such as tokens of well-known services, private keys and passwords in URLs.
//
// It is a net, not a licence: a password that stands in a sentence without its name looks like any other word.
//
// # What stays visible
//
// A secret that is empty or nil stays so, because a missing one is what people look for. Words that only say how a secret is
// (valid, expired, unset) stay, too, and so do durations and times. Under names that may be others' (token, key, session) small
// numbers stay.
//
// # Costs
//
// A name costs some ten nanoseconds, a text that holds no secret half a nanosecond to two for each byte. Neither allocates. A
// text that may hold one costs microseconds. Values of [go.uber.org/zap.Any] that are neither numbers nor texts are encoded as
// JSON and looked through; give hot paths an object instead, which is asked only when it is encoded.
//
// # Limits
//
// What a core is given is free of secrets, what it makes of it by other ways is not: an error still tells [errors.As] what it
// really is. The caller and the level of an entry are left as they are. After an entry of level panic zap panics with the
// message as it was given. Values that change while they are logged are not protected from that.
package redact

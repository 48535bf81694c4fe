package redact_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
)

func ExampleRedactor() {
	redactor, err := redact.New(redact.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "message"}), os.Stdout, zapcore.InfoLevel)
	logger := zap.New(redactor.Core(core)).With(zap.String("api_key", "k-1842"))
	logger.Info("connecting to redis://:hunter2@cache:6379/0", zap.Int("token_count", 12), zap.Any("settings", map[string]any{"user": "app", "password": "hunter2"}))
	logger.Info("login failed", zap.Error(errors.New("cannot parse `host=db password=hunter2`")), zap.String("password", ""))
	// Output:
	// {"message":"connecting to redis://:[redacted]@cache:6379/0","api_key":"[redacted]","token_count":12,"settings":{"password":"[redacted]","user":"app"}}
	// {"message":"login failed","api_key":"[redacted]","error":"cannot parse `host=db password=[redacted]","password":""}
}

// Card is a number that nobody shall read in a log.
type Card struct{ Number string }

func ExampleConfig() {
	redactor, err := redact.New(redact.Config{
		Keys:     []string{"iban"},
		Safe:     []string{"session"},
		Patterns: []*regexp.Regexp{regexp.MustCompile(`\b\d{3}-\d{2}-\d{4}\b`)},
		Types:    []reflect.Type{reflect.TypeFor[Card]()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "message"}), os.Stdout, zapcore.InfoLevel)
	zap.New(redactor.Core(core)).Info("paid by 078-05-1120", zap.String("IBAN", "DE02120300000000202051"), zap.String("session", "morning"), zap.Any("cards", []Card{{"4111111111111111"}}))
	// Output: {"message":"paid by [redacted]","IBAN":"[redacted]","session":"morning","cards":["[redacted]"]}
}

func ExampleBatch() {
	redactor, err := redact.New(redact.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	batch := redactor.Redact([]zapcore.Field{zap.String("user", "ann"), zap.String("password", "hunter2")})
	defer batch.Free()
	for _, field := range batch.Fields {
		fmt.Println(field.Key, field.String)
	}
	// Output:
	// user ann
	// password [redacted]
}

package logging_test

import (
	"bytes"
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/prodwright/prodwright/logging"
)

func TestContextsDoNotLeak(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := newLogs(t, onlyConsole(&b))
	log := l.Logger().WithOptions(zap.WithCaller(false))
	outer := logging.With(t.Context(), logging.UserID("1"), zap.String("plan", "free"))
	inner := logging.With(outer, logging.UserID("2"), zap.Int("attempt", 3), zap.Skip())
	log.Info("inner", logging.Ctx(inner))
	log.Info("outer", logging.Ctx(outer))
	log.Info("none", logging.Ctx(t.Context()))
	l.Slog("app").InfoContext(inner, "slog")
	logging.For(inner, log).Info("for")
	require.Same(t, log, logging.For(t.Context(), log))
	got := records(t, &b)
	for i, want := range []struct {
		user  any
		extra any
	}{
		{"2", map[string]any{"plan": "free", "attempt": 3.0}},
		{"1", map[string]any{"plan": "free"}},
		{nil, nil},
		{"2", map[string]any{"plan": "free", "attempt": 3.0}},
		{"2", map[string]any{"plan": "free", "attempt": 3.0}},
	} {
		require.Equal(t, want.user, got[i]["user_id"], got[i]["message"])
		require.Equal(t, want.extra, got[i]["extra_data"], got[i]["message"])
	}
}

func TestContextFieldsAreNeverInANamespace(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := newLogs(t, onlyConsole(&b))
	ctx := logging.With(t.Context(), logging.IP(netip.MustParseAddr("::1")), zap.String("tenant", "acme"), zap.Namespace("own"), zap.Int("n", 1))
	l.Logger().With(zap.Namespace("a"), zap.Int("x", 1)).Info("m", zap.Namespace("b"), logging.Ctx(ctx), zap.Int("y", 2))
	l.Slog("").WithGroup("a").With("x", 1).WithGroup("b").WithGroup("empty").InfoContext(ctx, "m", "y", 2)
	got := records(t, &b)
	own := map[string]any{"n": 1.0}
	require.Equal(t, map[string]any{"tenant": "acme", "own": own, "a": map[string]any{"x": 1.0, "b": map[string]any{"y": 2.0}}}, got[0]["extra_data"])
	require.Equal(t, map[string]any{"tenant": "acme", "own": own, "a": map[string]any{"x": 1.0, "b": map[string]any{"empty": map[string]any{"y": 2.0}}}}, got[1]["extra_data"])
	require.Equal(t, "::1", got[1]["ip_address"])
}

func TestOneContextInTwoLogs(t *testing.T) {
	t.Parallel()
	ctx := logging.With(context.Background(), logging.UserID("1"))
	for range 2 {
		var a, b bytes.Buffer
		newLogs(t, onlyConsole(&a)).Logger().Info("m", logging.Ctx(ctx))
		newLogs(t, onlyConsole(&b)).Logger().Info("m", logging.Ctx(ctx))
		require.Equal(t, "1", records(t, &a)[0]["user_id"])
		require.Equal(t, "1", records(t, &b)[0]["user_id"])
	}
}

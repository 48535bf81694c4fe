-- +goose Up
-- The ledger that makes every row be stored exactly once: who stores rows says so here in the same transaction.
-- id is that of a batch, or of a file of the spill, of which position is how much of it is stored.
create table if not exists application_logs_batches (
    id uuid primary key,
    position bigint not null default 0,
    rows bigint not null default 0,
    committed_at timestamptz not null default now()
);

-- +goose Down
---- create above / drop below ----
drop table if exists application_logs_batches;

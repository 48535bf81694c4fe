-- +goose Up
-- Each group of errors once. The times are those of records; last_seen may be a minute old.
create table if not exists application_logs_errors (
    fingerprint bigint primary key,
    logger text,
    level text,
    sample text,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    first_release text,
    last_release text
);
create index if not exists application_logs_errors_first_seen_idx on application_logs_errors (first_seen);
create index if not exists application_logs_errors_last_seen_idx on application_logs_errors (last_seen);

-- +goose Down
---- create above / drop below ----
drop table if exists application_logs_errors;

-- Statements that PostgreSQL refuses, one a line, for TestServers; each is sent several times with other values for «i» (a
-- number, and one that grows or falls with it), «id» (a quoted name), «text» (a quoted text), «type» and «next» (types).
select null::«type» + null::«next»
select null::«type»::«next»[]
select 'x y'::«type»
insert into people (age) select null::«type»[]
select coalesce(null::«type», null::«next»[])
select null::«type» union select null::«next»[]
select case when true then null::«type» else null::«next»[] end
select 1 where null::«type»
select sum(null::«type»[])
select null::«type»[] || null::«next»
alter table people alter column name type «type»[]
select «text»::varchar(«i»)
select «i+1»00000::smallint
select '«i+1»0000000000000000000000'::bigint
select 9223372036854775807 + «i+1»
select «text»::«type»[]
select null::nope«i»
select '[«i+5»,1)'::int4range
select '[«i»'::int4range
select '«i» lightyears'::interval
select 'P«i»X'::interval
select to_timestamp('«i+13»', 'HH12:MI')
select to_number('«i»x', '9a9')
select '«i+2000»-13-01'::timestamp
select make_date(«i+2000», 13, 1)
select '2024-01-01'::date + 2147483«i+600»
select ('{"a":«i»}'::jsonb)['a']['b'] + 1
select '[«i»]'::jsonb - 'x' -> 0 + 1
select jsonb_set('«i»', '{a}', '1')
select '$.a[«i»'::jsonpath
select jsonb_path_query('«i»', 'strict $.a')
select array[1,2] + «i»
select array[«i», 'x']
select array[[1],[2,«i»]]
select set_bit('\x00'::bytea, «i+8», 1)
select decode('«i»g', 'hex')
select decode('x', «text»)
select convert_to('a', «text»)
select 'a' like '«i»\'
select regexp_replace('a', '(«i»', '')
select 'x' similar to 'a' escape '«i»x'
select string_to_array('a', 'b', «i»)
drop view «id»
drop index «id»
drop type «id»
drop sequence «id»
drop extension «id»
drop publication «id»
drop trigger «id» on people
drop policy «id» on people
drop view if exists «id»
drop index if exists «id»
drop function if exists «id»(int)
drop role if exists «id»
drop database if exists «id»
drop type mood restrict
create type mood as enum ('a', '«i»')
create view v as select «i» as two
create or replace view v as select «i» as two
alter table people drop column «id»
alter table people drop constraint «id»
alter table people rename column «id» to z
alter table people alter column «id» set default 1
alter table people add foreign key (boss) references «id»
alter table people add foreign key (boss, id) references people (id)
create index people_pkey on people (id) where id > «i»
create index on people using «id» (id)
create table w«i» (a int, a int)
create table x«i» (a int primary key primary key)
create table y«i» (a int default b)
create table z«i» (like «id»)
create table xx«i» () inherits («id»)
create sequence s start «i»
create function f«i»() returns int language «id» as ''
create function f«i»() returns int language sql as 'select ''x'''
create function g«i»() returns int language plpgsql as 'begin x«i» = 1; end'
do $$ begin perform nope«i»(«i»); end $$
do $$ declare r record; begin r.x := «i»; end $$
do $$ begin select «i»; end $$
do $$ declare n int; begin select id into strict n from people where id = «-i-1»; end $$
do $$ begin raise notice 'at % of %', 1, «i»; end $$
do $$ begin assert «i» < 0, 'too big'; end $$
do $$ begin raise exception using message = 'account «i» is locked', errcode = 'P0001'; end $$
do $$ begin execute 'selec «i»'; end $$
do $$ begin loop null; exit nope«i»; end loop; end $$
do language «id» 'x'
grant select on «id» to alice
grant «id» to alice
alter role «id» login
drop role «id»
drop role alice, postgres
alter database «id» set work_mem = '1MB'
create database x«i» template «id»
create user mapping for «id» server x
create tablespace «id» location '/nowhere/«i»'
create tablespace t«i» location 'relative'
set default_tablespace = «id»
create collation «id» (locale = 'xx_«i»')
select 'a' collate «id»
create extension «id»
select pg_create_physical_replication_slot('slot«i»'), pg_create_physical_replication_slot('slot«i»')
select pg_drop_replication_slot(«text»)
select pg_create_physical_replication_slot('Slot-«i»')
select pg_create_logical_replication_slot('l«i»', 'nope')
create publication p«i» for table «id»
create subscription s«i» connection 'host=/nowhere' publication «id»
select pg_advisory_unlock(«i»)
select currval('s') + nextval(«text»)
select setval('s', «i+10»)
select pg_size_bytes('«i» quarks')
select has_table_privilege('people', 'fly«i»')
select has_table_privilege(«text», 'select')
select pg_relation_size(«text»)
select to_regclass('people')::oid + «text»::regclass::oid
select «text»::regtype
select «text»::regproc
select «text»::regrole
select id from people where max(id) = «i»
select max(max(«i»))
select id from people where rank() over () = «i»
select id from people order by «i+20»
select id from people group by «i+20»
select distinct id from people order by age + «i»
select * from people p join people p on p.id = «i»
select 1 from people p, p where p.id = «i»
select «i», * from (select 1, 2) as t(a, b, c)
select (1, 2) = (1, 2, «i»)
select id from people where id in (select id, age from people where id > «i»)
select «i» union select 1, 2
with r as (select * from r«i») select * from r, r«i+1»
with recursive r as (select «i») select 1 from r, rr
with a as (select 1), a as (select «i») select 1
select id from people for update of «id»
select count(*) from people having count(*) > «i» for update
select lag(«i») from people
select sum(id) over «id» from people
select id from people limit «text»
select ntile(«-i») over () from people
insert into people values (1, 'x', 1, 1, 1, «i»)
insert into people (id, name) values («i»)
update people set id = 1, id = «i»
update people set «id» = 1
insert into people values («i», 'x') on conflict (name) do nothing
insert into people values (1, 'x'), (1, 'y') on conflict (id) do update set age = «i»
merge into people using people p on true when matched then delete when not matched then «i»
insert into v values («i»)
copy v from stdin where one = «i»
copy people to '/nowhere/«i»'
copy people («id») to stdout
copy people to stdout (format «id»)
copy people to stdout (delimiter 'ab«i»')
explain («id») select 1
explain (format «id») select 1
prepare q«i» as select 1; prepare q«i» as select 2
prepare r«i» as select $1 + $2; execute r«i»(«i»)
deallocate «id»
close «id»
declare c«i» cursor for select 1
savepoint a«i»
rollback to savepoint a«i»
begin; rollback to savepoint a«i»
rollback
set transaction snapshot '«i»'
begin; select 1; set transaction isolation level serializable; select «i»
rollback
begin read only; update people set age = «i»
rollback
begin read only; create table ro«i» ()
rollback
begin read only; truncate people; select «i»
rollback
begin; create database y«i»
rollback
begin; alter system set work_mem = «i»
rollback
begin; reindex database «id»
rollback
prepare transaction 'x«i»'
commit prepared 'x«i»'
rollback prepared 'x«i»'
set search_path = 'a', «text»; show nope«i»
show nope«i»
set timezone = «text»
set client_encoding = «text»
set statement_timeout = '«i» parsecs'
set seed = «i+2»
set enable_sort = «text»
set synchronous_commit = «text»
set max_connections = «i»
set server_version = '«i»'
alter system set nope«i» = 1
reset search_path
create table parts«i» (a int) partition by range (a); create table p«i»_1 partition of parts«i» for values from (1) to (10)
insert into parts«i» values («i+50»)
create table p«i»_2 partition of parts«i» for values from (5) to («i+20»)
create table p«i»_3 partition of people default
alter table parts«i» detach partition people
cluster people using «id»
cluster parts«i»
create table casc«i» (id int primary key); create table casd«i» (a int references casc«i»); drop table casc«i»
create view v«i» as select id from people; drop table people
create table ch«i» (a int check (a > «i»)); insert into ch«i» values («i-1»)
create table nn«i» (b int not null); insert into nn«i» values (null)
create table id«i» (a int generated always as identity); insert into id«i» values («i»)
create table ge«i» (a int, b int generated always as (a) stored); insert into ge«i» values (1, «i»)
create table un«i» (a int unique deferrable initially deferred); insert into un«i» values («i»), («i»)
create trigger t before insert on people execute function «id»()
create trigger t before insert on people execute function deep(«i»)
create rule r as on insert to «id» do nothing
alter table people enable trigger «id»
alter function deep(int) rename to raise; select «i»
create aggregate a«i» (int) (sfunc = «id», stype = int)
create operator === (procedure = «id»)
create cast (int as text) with function «id»(int)
create domain d«i» as int check (value > «i»); select «i-1»::d«i»
analyze people («id»)
select pg_notify('', '«i»')
load '/nowhere/«i»'
select pg_stat_file('nope«i»')
select pg_ls_dir('nope«i»')
select lo_import('/nowhere/«i»')
select lo_unlink(«i+100»)
select pg_logical_emit_message(true, 'a', 'b'), pg_export_snapshot(), «i» / 0
select * from generate_series(1, 3, «i» * 0)
select width_bucket(1, 2, 2, «i+1»)
select factorial(«-i-1»)
select power(0, «-i-1»)
select mod(«i», 0)
select overlay('a' placing 'b' from «-i»)
select split_part('a', 'b', 0)
select percentile_cont(«i+2») within group (order by id) from people
select xmlparse(document '<a«i»>')
select gen_random_uuid(«i»)
select to_tsquery('a & | «i»')
select to_tsvector(«text», 'a')
select 'a:«i»X'::tsvector
select '(«i»,1'::point
select '«i»:zz'::macaddr
select '10.0.0.1'::inet + «i+1»00000000000
select $«i»
select «i»..5 from
select '«i»
select "«i»
select /* «i»
select U&'\«i»zz'
select E'\u«i»'
select $a«i»$ x
select "" from t«i»
create temp table t«i» (a varchar(«i+2»)); insert into t«i» values ('0123456789«i»')
create temp table u«i» (a bit(«i+2»)); insert into u«i» values (b'01010101010101')
select convert_from('\xff', 'UTF8'), «i»
select encode('\x00', 'base«i»')
drop schema if exists a_x«i»
drop view people
drop view rooms
drop table v
drop table s
alter type mood add value 'sad'
alter type mood add value 'ok'
grant select on people to nobody_«i»
refresh materialized view people
refresh materialized view v
create table long_«i»_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ()
notify "x«i»aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
select lpad('x', 107374182«i»)
select format('%«i+2»$s', 'a')
select format('%e', 1), «i»

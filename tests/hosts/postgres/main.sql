-- psql -v case=CASE -v library=LIBRARY -f main.sql: prints what must be the same in each mode.
\set ON_ERROR_STOP on
\set QUIET on
set client_min_messages = warning;
\set VERBOSITY terse
create or replace function host_work(int8) returns int8
  as :'library', 'host_work' language c strict;
create or replace function host_check(int8) returns int8
  as :'library', 'host_check' language c strict;
create or replace function host_sql(int8) returns int8 as :'library', 'host_sql' language c strict;
create or replace function host_descend(int8) returns int8
  as :'library', 'host_descend' language c strict;
create or replace function host_try(statement text) returns text as $$
begin execute statement; return 'done'; exception when others then return sqlerrm; end $$
  language plpgsql;
select :'case' = 'down' as down, :'case' = 'check' as checked,
  :'case' = 'sql' as sql, :'case' = 'errors' as errors,
  :'case' = 'descend' as descend, :'case' = 'overflow' as overflow \gset
\if :down
  select sum(host_work(n)) from generate_series(1, 20000) n;
\elif :checked
  select sum(host_check(n)) from generate_series(1, 20000) n;
\elif :sql
  select sum(host_sql(n)) from generate_series(1, 2000) n;
\elif :errors
  select text, count(*) from (select host_try('select host_sql(' || n % 2 || ')') as text
    from generate_series(1, 4000) n) t
    group by text order by text;
\elif :descend
  select host_descend(100);
\elif :overflow
  select host_try('select host_descend(100000)');
  select host_work(1), host_descend(20);
\else
  select 1 / 0;
\endif

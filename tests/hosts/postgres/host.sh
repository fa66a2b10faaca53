packages="postgresql postgresql-server-dev-all libpq-dev"
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
# A server of its own user, in a folder of its own: it refuses to run as root.
data=/tmp/guarded-callback-postgres
as_postgres() { (cd / && runuser -u postgres -- "$@"); }
prepare() {
  rm -rf $data && mkdir $data
  cp -r "$out"/{plain,default,always,stay,check} $data/ && chown -R postgres $data
  as_postgres "$bin/initdb" -D $data/db -A trust
  as_postgres "$bin/pg_ctl" -w -D $data/db -o "-k $data -c listen_addresses=''" -l $data/log start
}
run() {
  # A crash of the case before ends in a recovery.
  for _ in {1..100}; do as_postgres "$bin/pg_isready" -q -h $data && break; sleep 0.1; done
  as_postgres psql -X -A -t -h $data -d postgres -v "case=$1" \
    -v "library=$data/$(basename "$lib")/postgres_host.so" -f - <main.sql
}
finish() {
  as_postgres "$bin/pg_ctl" -D $data/db -m fast -t 10 stop >/dev/null 2>&1 ||
    as_postgres "$bin/pg_ctl" -D $data/db -m immediate stop >/dev/null
  rm -rf $data
}
# `check_stack_depth` takes the distance from an address of main's: calls back go through
# `on_host_stack`.
cases='
down      default always stay check
check     default always stay check
sql       default always stay check
errors    default always stay check
descend   default always stay check
overflow  default always stay check
'

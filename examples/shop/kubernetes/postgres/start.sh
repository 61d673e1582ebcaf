# Makes the databases where there are none yet, whole or not at all, and serves them.
set -eu
if [ ! -d /data/files ]; then
  rm -rf /data/making
  initdb -D /data/making -U shop --pwfile=/etc/postgres/password --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C
  echo 'host all all all scram-sha-256' >>/data/making/pg_hba.conf
  for name in shop orders inventory payment shipping notifications overview web; do
    echo "create database $name" | postgres --single -D /data/making postgres >/dev/null
  done
  mv /data/making /data/files
fi
exec postgres -D /data/files -c listen_addresses='*' -c unix_socket_directories=/data -c max_connections=200

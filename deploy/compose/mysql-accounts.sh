#!/bin/sh
# Runs once, when MySQL's data folder is made: one schema and one account per app, each with rights on its own only.
set -e
server=${SOCKET:-$(find /var/run/mysqld/ -name '*.sock' ! -name 'mysqlx*' | head -n 1)}
account() { # NAME PASSWORD
  cat <<SQL
CREATE DATABASE IF NOT EXISTS paypair_$1 CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS '$1'@'%' IDENTIFIED BY '$2';
GRANT ALL ON paypair_$1.* TO '$1'@'%';
SQL
}
# Some images set root's password before this script runs, some after it.
administer() { mysql --socket="$server" -uroot "$@"; }
if MYSQL_PWD="$MYSQL_ROOT_PASSWORD" administer -e 'SELECT 1' >/dev/null 2>&1; then
  export MYSQL_PWD="$MYSQL_ROOT_PASSWORD"
fi
{
  account pay "$PAY_MYSQL_PASSWORD"
  account order "$ORDER_MYSQL_PASSWORD"
} | administer
unset MYSQL_PWD
